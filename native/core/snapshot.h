#ifndef MEMDB_CORE_SNAPSHOT_H_
#define MEMDB_CORE_SNAPSHOT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>

#include "entry.h"
#include "mutex.h"
#include "thread_annotations.h"

namespace memdb {

// Superseded entries, linked through Entry::next_retired. Whoever holds the
// list owns the links.
struct RetiredList {
  Ref head = 0;
  Ref tail = 0;
  size_t size = 0;

  bool empty() const { return head == 0; }
  void Push(const Heap& heap, Ref ref);
  Ref Pop(const Heap& heap);
  // Takes all of `other`.
  void Append(const Heap& heap, RetiredList& other);
};

// Which version is published and which versions are pinned by someone who
// reads, and so, which superseded entries nobody can see any more.
//
// An entry of version e that version s superseded is seen by the pins p with
// e <= p < s. Pins are only ever taken of the published version; so once s is
// published, pins in that range can go but none can come, and the entry waits in
// the list of the newest of them. When that one goes, the entry is garbage to be
// judged again: another pin may still see it.
class SnapshotList {
 public:
  explicit SnapshotList(const Heap& heap) : heap_(heap) {}

  Version published() const { return published_.load(std::memory_order_acquire); }

  // Pins the published version, in a time that does not grow with the pins. False when memory
  // cannot be had.
  bool Acquire(Version* version) EXCLUDES(mutex_);
  // One pin more of a version that the caller has pinned.
  void AcquireAgain(Version version) EXCLUDES(mutex_);
  void Release(Version version) EXCLUDES(mutex_);

  // Makes everything that `version` wrote visible to who comes now, and releases
  // the committer's own pin. Takes the entries that it superseded; returns those
  // that nobody can see. The transaction mutex is held.
  RetiredList Publish(Version version, Version own_pin, RetiredList superseded) EXCLUDES(mutex_);

  // Takes up to refs.size() entries that wait to be judged; how many.
  size_t TakeGarbage(std::span<Ref> refs) EXCLUDES(mutex_);
  // Sets to 0 those that some pin can see: they wait in its list now.
  void Judge(std::span<Ref> refs) EXCLUDES(mutex_);

  // How many entries wait to be judged.
  size_t garbage() const { return garbage_size_.load(std::memory_order_relaxed); }
  // How many versions are pinned.
  size_t size() const EXCLUDES(mutex_);

 private:
  struct Pin {
    Version version = 0;
    size_t count = 0;
    RetiredList retired;
  };

  // Lets `superseded` wait in the list of `newest`, the newest pin below the version that
  // superseded them; returns those of them that nobody can see.
  RetiredList Retire(RetiredList superseded, Version version, Version newest) EXCLUDES(mutex_);
  Pin& Find(Version version) REQUIRES(mutex_);
  // The newest pin older than the version, or null.
  Pin* NewestBelow(Version version) REQUIRES(mutex_);
  void ReleaseLocked(Version version) REQUIRES(mutex_);

  const Heap& heap_;
  mutable Mutex mutex_;
  // Written under the mutex; read without it where a bound is enough.
  std::atomic<Version> published_{0};
  // The pin of the newest version that was ever pinned, which may be nobody's any
  // more. It stands apart because mostly there is no other.
  Pin newest_ GUARDED_BY(mutex_);
  std::map<Version, Pin> older_ GUARDED_BY(mutex_);
  RetiredList garbage_ GUARDED_BY(mutex_);
  // Its size, for those who only want to know whether there is anything to do.
  std::atomic<size_t> garbage_size_{0};
};

}  // namespace memdb

#endif  // MEMDB_CORE_SNAPSHOT_H_
