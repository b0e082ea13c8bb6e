#ifndef MEMDB_CORE_OPEN_SNAPSHOTS_H_
#define MEMDB_CORE_OPEN_SNAPSHOTS_H_

#include <atomic>
#include <cstddef>

#include "clock.h"
#include "snapshot.h"

namespace memdb {

// What a root batch or an iteration reads.
struct OpenSnapshot {
  Pin* pin = nullptr;
  // When the batch began that first read it.
  Clock::time_point since{};
  OpenSnapshot* older = nullptr;
  OpenSnapshot* newer = nullptr;
};

// Everything that one thread reads, in the order of the versions. Every method takes
// constant time. The thread adds and removes; any thread may read the numbers.
class OpenSnapshots {
 public:
  // Adds a snapshot that is not older than any other.
  void Add(OpenSnapshot* snapshot) { Insert(snapshot, newest_); }
  // Adds a snapshot of the version that `other` reads.
  void AddBeside(OpenSnapshot* snapshot, OpenSnapshot* other);
  void Remove(OpenSnapshot* snapshot);
  void Clear();

  // How many versions are read.
  size_t versions() const { return versions_.load(std::memory_order_relaxed); }
  // Since when the oldest is open; max if nothing is open.
  Clock::time_point oldest() const {
    return Clock::time_point(Clock::duration(since_.load(std::memory_order_relaxed)));
  }

 private:
  void Insert(OpenSnapshot* snapshot, OpenSnapshot* older);
  void SetVersions(size_t count) { versions_.store(count, std::memory_order_relaxed); }
  void SetSince(Clock::time_point since) {
    since_.store(since.time_since_epoch().count(), std::memory_order_relaxed);
  }

  OpenSnapshot* oldest_ = nullptr;
  OpenSnapshot* newest_ = nullptr;
  std::atomic<size_t> versions_{0};
  std::atomic<Clock::rep> since_{Clock::time_point::max().time_since_epoch().count()};
};

}  // namespace memdb

#endif  // MEMDB_CORE_OPEN_SNAPSHOTS_H_
