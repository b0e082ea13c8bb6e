#ifndef MEMDB_CORE_CURSOR_H_
#define MEMDB_CORE_CURSOR_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "batch.h"
#include "entry.h"
#include "key_filter.h"
#include "open_snapshots.h"
#include "store.h"

namespace memdb {

// An iteration over what a batch sees when it starts. It copies the pending writes of the batch
// and its parents, and pins the version that they read. So it goes on unchanged after the
// batch is closed or written to. A session owns and guards it.
class Cursor {
 public:
  // Pins the version that the batch reads. Null if memory cannot be allocated.
  // Shows the pairs whose keys the filter passes; with `keys_only`, their values are empty.
  static std::unique_ptr<Cursor> Start(Store& store, const Batch& batch, KeyFilter filter,
                                       bool keys_only);

  struct Chunk {
    // The sizes of key and value, for each pair.
    std::span<int32_t> sizes;
    // Keys and values, one after the other; each value at a ValuePosition.
    std::span<uint8_t> bytes;
    // Set with kNoRoom: how many bytes the next pair needs.
    size_t needed;
  };

  // Fills the chunk with the next pairs. Returns how many (0 at the end), kNoRoom or kFull.
  int Next(Chunk* chunk);

  // Releases the pin.
  void Release();

  // The session's: what it reads, and its place among the cursors.
  OpenSnapshot snapshot;
  size_t place = 0;

 private:
  struct Copy {
    std::vector<uint8_t> key;
    std::vector<uint8_t> value;
    bool deleted;
  };
  // The store's own hash: a caller may choose digests that collide under any other.
  struct DigestHash {
    const Store& store;
    size_t operator()(const Digest& digest) const { return store.TagOf(digest); }
  };
  using Overlay = std::unordered_map<Digest, Copy, DigestHash>;

  Cursor(Store& store, Version version, KeyFilter filter, bool keys_only)
      : store_(store),
        version_(version),
        filter_(std::move(filter)),
        keys_only_(keys_only),
        overlay_(0, DigestHash{store}) {}

  Store& store_;
  const Version version_;
  const KeyFilter filter_;
  const bool keys_only_;
  Overlay overlay_;
  Overlay::const_iterator pending_;
  // The entries of the shard before next_shard_ that the overlay does not hide, and how
  // far they were shown.
  std::vector<const Entry*> entries_;
  size_t shown_ = 0;
  size_t next_shard_ = 0;
};

}  // namespace memdb

#endif  // MEMDB_CORE_CURSOR_H_
