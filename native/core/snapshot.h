#ifndef MEMDB_CORE_SNAPSHOT_H_
#define MEMDB_CORE_SNAPSHOT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "entry.h"
#include "mutex.h"
#include "thread_annotations.h"

namespace memdb {

// Superseded entries, linked through Entry::next_superseded. The owner of the list owns
// the links.
struct SupersededList {
  Ref head = 0;
  Ref tail = 0;
  size_t size = 0;

  bool empty() const { return head == 0; }
  void Push(const Heap& heap, Ref ref);
  Ref Pop(const Heap& heap);
  // Takes all entries of `other`.
  void Append(const Heap& heap, SupersededList& other);
};

// A version that has readers: no entry that they can see is freed. The snapshot list's
// mutex guards all but the version.
struct Pin {
  struct Links {
    Pin* previous = nullptr;
    Pin* next = nullptr;
  };

  Version version = 0;
  size_t readers = 0;
  // How many of the readers are optimistic batches.
  size_t optimistic = 0;
  // Entries that this pin sees and no newer one does.
  SupersededList waiting;
  // Entries that were kept for the optimistic readers alone, see SnapshotList::KeepForOptimistic.
  SupersededList kept;
  // Entries that no newer pin sees. Whether this pin does was not examined yet.
  SupersededList unexamined;
  // Neighbours among all pins, in the order of their versions.
  Links by_version;
  // Neighbours among the pins that have unexamined entries.
  Links by_work;
  // Neighbours among the pins that have optimistic readers, in the order of their versions.
  Links by_optimism;
};

// Which version is published and which versions are pinned by readers; and so,
// which superseded entries nobody can see any more.
//
// A pin p sees the entries of version e that version s superseded, if e <= p < s.
// Pins are only ever taken of the published version. So once s is published, pins
// in that range can go but none can come. The entry waits in the list of the
// newest of them. When that pin goes, the entry is for the next older pin to
// examine: that one sees it if e <= p, else nobody does.
//
// An optimistic batch compares versions when it commits. Suppose that a key was absent for it, and
// was put and deleted since. Then only the mark of the deletion says so, and a mark that hides
// nothing goes. So while an optimistic batch older than a mark is open, the last entry that the
// mark hides stays.
class SnapshotList {
 public:
  explicit SnapshotList(const Heap& heap);
  ~SnapshotList();

  Version published() const { return published_.load(std::memory_order_acquire); }

  // Pins the published version. Returns null if memory cannot be allocated. Takes constant
  // time, like Release, which must be given the same `optimistic`.
  Pin* Acquire(bool optimistic = false) EXCLUDES(mutex_);
  // Adds a reader to a pin that the caller holds.
  void AcquireAgain(Pin* pin) EXCLUDES(mutex_);
  void Release(Pin* pin, bool optimistic = false) EXCLUDES(mutex_);

  // Makes everything that `version` wrote visible to later pins, and releases the
  // committer's own pin, like Release. Takes the entries that the version superseded; returns those
  // that nobody can see. The transaction mutex is held.
  SupersededList Publish(Version version, Pin* own_pin, bool optimistic, SupersededList superseded)
      EXCLUDES(mutex_);

  // Examines up to `limit` entries; returns those that nobody can see.
  SupersededList Examine(size_t limit) EXCLUDES(mutex_);

  // Whether an optimistic batch is open that is older than the version. Once it is false for a
  // published version, it stays so.
  bool HasOptimisticBefore(Version version) const {
    return oldest_optimistic_.load(std::memory_order_relaxed) < version;
  }
  // Takes the last entry that a mark of that version hides, of a deletion; it is examined again
  // when the newest such batch has ended.
  void KeepForOptimistic(Ref ref, Version mark) EXCLUDES(mutex_);

  // How many entries are unexamined.
  size_t unexamined() const { return unexamined_.load(std::memory_order_relaxed); }
  // How many versions are pinned.
  size_t size() const { return size_.load(std::memory_order_relaxed); }

 private:
  void ReleaseLocked(Pin* pin, bool optimistic) REQUIRES(mutex_);
  void SetOldestOptimistic() REQUIRES(mutex_);
  void AddUnexamined(Pin* pin, SupersededList& entries) REQUIRES(mutex_);

  const Heap& heap_;
  Mutex mutex_;
  // Written under the mutex.
  std::atomic<Version> published_{0};
  std::atomic<size_t> size_{0};
  std::atomic<size_t> unexamined_{0};
  // The largest number if no optimistic batch is open.
  std::atomic<Version> oldest_optimistic_{UINT64_MAX};
  // Where the rings of pins begin and end. It has no readers. Its version is 0, so it sees no
  // entry: all entries that it examines are freed.
  Pin anchor_ GUARDED_BY(mutex_);
  // A pin that is not in use: mostly there is one at a time.
  std::unique_ptr<Pin> spare_ GUARDED_BY(mutex_);
};

}  // namespace memdb

#endif  // MEMDB_CORE_SNAPSHOT_H_
