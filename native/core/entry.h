#ifndef MEMDB_CORE_ENTRY_H_
#define MEMDB_CORE_ENTRY_H_

#include <cstdint>
#include <cstring>
#include <span>

#include "digest.h"
#include "heap.h"

namespace memdb {

// Counts commits; 0 is the empty store.
using Version = uint64_t;

// One version of one key. A block of the heap holds this header, then the value, then
// the stored key. If the two are too large for a block, it holds a pointer to them. The
// value stands first, so that a short one shares the header's second cache line.
//
// Key and value never change. The commit sets `version` before the entry can be
// found. The lock of the entry's shard guards the links between the versions of a
// key: `older`, `superseded.newer`, `superseded.parent` (see version_tree.h).
// `next_superseded` belongs to the one list of superseded entries that the entry
// stands in (see snapshot.h).
struct Entry {
  // What a superseded entry keeps in place of its digest.
  struct Superseded {
    Tag tag;  // of the key
    Ref newer;
    Ref parent;
  };

  // Nobody searches for a superseded entry by its digest, so the digest makes way. A
  // commit writes `superseded` under the shard's writer lock; the tag stays. So only
  // a holder of the shard's lock may read the digest of a committed entry, and only of
  // a key's newest one.
  union {
    Digest digest;
    Superseded superseded;
  };
  Version version;
  Ref older;
  Ref next_superseded;
  uint32_t key_size;
  uint32_t value_size;

  // The value_size of an entry that marks its key as deleted.
  static constexpr uint32_t kDeleted = UINT32_MAX;
  // The limit of key and value together: callers get sizes as signed integers.
  static constexpr size_t kMaxSize = INT32_MAX;

  bool deleted() const { return value_size == kDeleted; }
  size_t payload() const { return deleted() ? 0 : size_t{key_size} + value_size; }
  std::span<const uint8_t> value() const { return {bytes(), value_size}; }
  std::span<const uint8_t> key() const { return {bytes() + value_size, key_size}; }

  // Returns a new entry with copies of key and value, or 0 if memory cannot be allocated.
  static Ref Create(Heap& heap, const Digest& digest, std::span<const uint8_t> key,
                    std::span<const uint8_t> value);
  static Ref CreateDeleted(Heap& heap, const Digest& digest);
  static void Destroy(Heap& heap, Ref ref);

 private:
  static bool FitsBlock(size_t payload) { return sizeof(Entry) + payload <= Heap::kLargestBlock; }

  const uint8_t* inline_bytes() const { return reinterpret_cast<const uint8_t*>(this + 1); }
  void* large() const {
    void* memory;
    std::memcpy(&memory, inline_bytes(), sizeof memory);
    return memory;
  }
  const uint8_t* bytes() const {
    return FitsBlock(payload()) ? inline_bytes() : static_cast<const uint8_t*>(large());
  }
};

static_assert(sizeof(Entry) == 56);

#if defined(MEMDB_COUNT_STEPS)
// How many entries this thread has looked up in a heap. Tests bound the work of an operation by it.
inline thread_local uint64_t entry_steps = 0;
#endif

inline Entry* EntryAt(const Heap& heap, Ref ref) {
#if defined(MEMDB_COUNT_STEPS)
  entry_steps++;
#endif
  return static_cast<Entry*>(heap.At(ref));
}

}  // namespace memdb

#endif  // MEMDB_CORE_ENTRY_H_
