#ifndef MEMDB_CORE_SHARD_H_
#define MEMDB_CORE_SHARD_H_

#include <cstddef>
#include <cstdint>

#include "entry.h"
#include "rw_lock.h"
#include "table.h"
#include "thread_annotations.h"

namespace memdb {

// One part of a store's map, on a cache line of its own: readers of different shards do not
// disturb each other. A slot leads to the newest version of its key (see version_tree.h).
struct alignas(64) Shard {
  RwLock lock;
  // How many insertions the current commit has announced. Only the holder of the
  // transaction mutex uses it.
  uint32_t announced = 0;
  Table table GUARDED_BY(lock);
};

static_assert(sizeof(Shard) == 64);

inline constexpr size_t kShards = 256;
inline size_t ShardOf(Tag tag) {
  return tag >> 24;
}

}  // namespace memdb

#endif  // MEMDB_CORE_SHARD_H_
