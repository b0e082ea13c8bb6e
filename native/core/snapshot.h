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
  // Entries that this pin sees and no newer one does.
  SupersededList waiting;
  // Entries that no newer pin sees. Whether this pin does was not examined yet.
  SupersededList unexamined;
  // Neighbours among all pins, in the order of their versions.
  Links by_version;
  // Neighbours among the pins that have unexamined entries.
  Links by_work;
};

// Which version is published and which versions are pinned by readers; and so,
// which superseded entries nobody can see any more.
//
// A pin p sees the entries of version e that version s superseded, if e <= p < s.
// Pins are only ever taken of the published version. So once s is published, pins
// in that range can go but none can come. The entry waits in the list of the
// newest of them. When that pin goes, the entry is for the next older pin to
// examine: that one sees it if e <= p, else nobody does.
class SnapshotList {
 public:
  explicit SnapshotList(const Heap& heap);
  ~SnapshotList();

  Version published() const { return published_.load(std::memory_order_acquire); }

  // Pins the published version. Returns null if memory cannot be allocated. Takes constant
  // time, like Release.
  Pin* Acquire() EXCLUDES(mutex_);
  // Adds a reader to a pin that the caller holds.
  void AcquireAgain(Pin* pin) EXCLUDES(mutex_);
  void Release(Pin* pin) EXCLUDES(mutex_);

  // Makes everything that `version` wrote visible to later pins, and releases the
  // committer's own pin. Takes the entries that the version superseded; returns those that
  // nobody can see. The transaction mutex is held.
  SupersededList Publish(Version version, Pin* own_pin, SupersededList superseded) EXCLUDES(mutex_);

  // Examines up to `limit` entries; returns those that nobody can see.
  SupersededList Examine(size_t limit) EXCLUDES(mutex_);

  // How many entries are unexamined.
  size_t unexamined() const { return unexamined_.load(std::memory_order_relaxed); }
  // How many versions are pinned.
  size_t size() const { return size_.load(std::memory_order_relaxed); }

 private:
  void ReleaseLocked(Pin* pin) REQUIRES(mutex_);
  void AddUnexamined(Pin* pin, SupersededList& entries) REQUIRES(mutex_);

  const Heap& heap_;
  Mutex mutex_;
  // Written under the mutex.
  std::atomic<Version> published_{0};
  std::atomic<size_t> size_{0};
  std::atomic<size_t> unexamined_{0};
  // Where the rings of pins begin and end. It has no readers. Its version is 0, so it sees no
  // entry: all entries that it examines are freed.
  Pin anchor_ GUARDED_BY(mutex_);
  // A pin that is not in use: mostly there is one at a time.
  std::unique_ptr<Pin> spare_ GUARDED_BY(mutex_);
};

}  // namespace memdb

#endif  // MEMDB_CORE_SNAPSHOT_H_
