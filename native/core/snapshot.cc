#include "snapshot.h"

#include <iterator>
#include <new>

namespace memdb {

void RetiredList::Push(const Heap& heap, Ref ref) {
  EntryAt(heap, ref)->next_retired = head;
  if (head == 0) tail = ref;
  head = ref;
  size++;
}

Ref RetiredList::Pop(const Heap& heap) {
  const Ref ref = head;
  head = EntryAt(heap, ref)->next_retired;
  if (head == 0) tail = 0;
  size--;
  return ref;
}

void RetiredList::Append(const Heap& heap, RetiredList& other) {
  if (other.empty()) return;
  if (empty()) {
    *this = other;
  } else {
    EntryAt(heap, tail)->next_retired = other.head;
    tail = other.tail;
    size += other.size;
  }
  other = {};
}

bool SnapshotList::Acquire(Version* version) try {
  MutexLock lock(mutex_);
  *version = published_.load(std::memory_order_relaxed);
  if (newest_.version != *version) {
    if (newest_.count > 0) older_.emplace_hint(older_.end(), newest_.version, newest_);
    newest_ = {*version, 0, {}};
  }
  newest_.count++;
  return true;
} catch (const std::bad_alloc&) {
  return false;
}

void SnapshotList::AcquireAgain(Version version) {
  MutexLock lock(mutex_);
  Find(version).count++;
}

void SnapshotList::Release(Version version) {
  MutexLock lock(mutex_);
  ReleaseLocked(version);
}

void SnapshotList::ReleaseLocked(Version version) {
  Pin& pin = Find(version);
  if (--pin.count > 0) return;
  if (!pin.retired.empty()) {
    garbage_.Append(heap_, pin.retired);
    garbage_size_.store(garbage_.size, std::memory_order_relaxed);
  }
  if (&pin != &newest_) older_.erase(version);
}

RetiredList SnapshotList::Publish(Version version, Version own_pin, RetiredList superseded) {
  Version newest;
  {
    MutexLock lock(mutex_);
    // Release: who sees the version sees the entries it wrote.
    published_.store(version, std::memory_order_release);
    ReleaseLocked(own_pin);
    const Pin* pin = NewestBelow(version);
    if (pin == nullptr) return superseded;
    newest = pin->version;
  }
  return Retire(superseded, version, newest);
}

RetiredList SnapshotList::Retire(RetiredList superseded, Version version, Version newest) {
  RetiredList unseen;
  for (;;) {
    // Sorted out without the lock: a commit of many entries must not hold up
    // those who begin.
    RetiredList seen;
    while (!superseded.empty()) {
      const Ref ref = superseded.Pop(heap_);
      (EntryAt(heap_, ref)->version <= newest ? seen : unseen).Push(heap_, ref);
    }
    if (seen.empty()) return unseen;
    MutexLock lock(mutex_);
    Pin* pin = NewestBelow(version);
    if (pin == nullptr) {
      unseen.Append(heap_, seen);
      return unseen;
    }
    if (pin->version == newest) {
      pin->retired.Append(heap_, seen);
      return unseen;
    }
    // That pin went meanwhile.
    newest = pin->version;
    superseded = seen;
  }
}

size_t SnapshotList::TakeGarbage(std::span<Ref> refs) {
  // What somebody else is adding now, somebody else may take.
  if (garbage() == 0) return 0;
  MutexLock lock(mutex_);
  size_t count = 0;
  while (count < refs.size() && !garbage_.empty()) refs[count++] = garbage_.Pop(heap_);
  garbage_size_.store(garbage_.size, std::memory_order_relaxed);
  return count;
}

void SnapshotList::Judge(std::span<Ref> refs) {
  MutexLock lock(mutex_);
  for (Ref& ref : refs) {
    const Entry* entry = EntryAt(heap_, ref);
    Pin* pin = NewestBelow(entry->superseded.by);
    if (pin != nullptr && pin->version >= entry->version) {
      pin->retired.Push(heap_, ref);
      ref = 0;
    }
  }
}

size_t SnapshotList::size() const {
  MutexLock lock(mutex_);
  return older_.size() + (newest_.count > 0 ? 1 : 0);
}

SnapshotList::Pin& SnapshotList::Find(Version version) {
  return version == newest_.version ? newest_ : older_.find(version)->second;
}

SnapshotList::Pin* SnapshotList::NewestBelow(Version version) {
  if (newest_.count > 0 && newest_.version < version) return &newest_;
  const auto at = older_.lower_bound(version);
  return at == older_.begin() ? nullptr : &std::prev(at)->second;
}

}  // namespace memdb
