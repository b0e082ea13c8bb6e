#include "version_tree.h"

namespace memdb {

namespace {

// No two versions have the same one. The mixer of splitmix64: neither versions in a
// row nor those at a fixed distance may have priorities in order.
uint64_t Priority(const Entry* entry) {
  uint64_t z = entry->version;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

const Entry* VersionTree::FindSuperseded(Ref root, Version version) const {
  const Entry* newest = nullptr;
  for (Ref ref = root; ref != 0;) {
    const Entry* entry = At(ref);
    if (entry->version <= version) {
      newest = entry;
      ref = entry->superseded.newer;
    } else {
      ref = entry->older;
    }
  }
  return newest;
}

void VersionTree::Supersede(Ref head, Ref next, Tag tag) {
  Entry* const entry = At(head);
  Entry* const newest = At(next);
  const Ref root = entry->older;
  newest->older = root;
  if (root != 0) At(root)->superseded.parent = next;

  // The entry is newer than all in the tree: its place is at the newest edge, above the first
  // entry of a lower priority.
  const uint64_t priority = Priority(entry);
  Ref parent = next;
  Ref* link = &newest->older;
  while (*link != 0 && Priority(At(*link)) > priority) {
    parent = *link;
    link = &At(parent)->superseded.newer;
  }
  entry->older = *link;
  if (entry->older != 0) At(entry->older)->superseded.parent = head;
  entry->superseded = {tag, 0, parent};
  *link = head;
}

Ref VersionTree::Remove(Ref ref) {
  const Entry* const entry = At(ref);
  const Ref was_parent = entry->superseded.parent;
  // If that is the head, `older` leads to the root, and its `superseded` is not read.
  Entry* above = At(was_parent);
  Ref* link = above->older == ref ? &above->older : &above->superseded.newer;

  // Merges its two subtrees in its place.
  Ref parent = was_parent;
  Ref older = entry->older;
  Ref newer = entry->superseded.newer;
  while (older != 0 && newer != 0) {
    *link = Priority(At(older)) > Priority(At(newer)) ? older : newer;
    Entry* const top = At(*link);
    top->superseded.parent = parent;
    parent = *link;
    link = parent == older ? &top->superseded.newer : &top->older;
    (parent == older ? older : newer) = *link;
  }
  *link = older != 0 ? older : newer;
  if (*link != 0) At(*link)->superseded.parent = parent;
  return was_parent;
}

}  // namespace memdb
