#ifndef MEMDB_CORE_VERSION_TREE_H_
#define MEMDB_CORE_VERSION_TREE_H_

#include "entry.h"

namespace memdb {

// The versions of one key. The newest one is the head: a slot of the table leads to it. The
// superseded ones form a treap, a search tree by version in which each entry has a
// higher priority than its children. An entry's priority is a hash of its version. So the tree
// has the shape of a random one, in whatever order entries come and go. A search takes
// O(log n) expected steps, a removal O(1).
//
// `older` and `superseded.newer` of a superseded entry are its subtrees, `superseded.parent` the
// entry above it. `older` of the head is the root, whose parent is the head.
//
// Not safe to use from two threads at once: the lock of the key's shard guards it.
class VersionTree {
 public:
  explicit VersionTree(const Heap& heap) : heap_(heap) {}

  // Returns the entry that a reader of the version sees, deleted or not, or null.
  const Entry* Find(Ref head, Version version) const {
    const Entry* entry = EntryAt(heap_, head);
    if (entry->version <= version) return entry;
    return entry->older == 0 ? nullptr : FindSuperseded(entry->older, version);
  }

  // Makes `next` the head in place of `head`, whose digest is overwritten. `tag` is the key's.
  void Supersede(Ref head, Ref next, Tag tag);

  // Takes a superseded entry out of the tree. Returns its former parent.
  Ref Remove(Ref ref);

 private:
  const Entry* FindSuperseded(Ref root, Version version) const;
  Entry* At(Ref ref) const { return EntryAt(heap_, ref); }

  const Heap& heap_;
};

}  // namespace memdb

#endif  // MEMDB_CORE_VERSION_TREE_H_
