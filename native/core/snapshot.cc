#include "snapshot.h"

#include <new>
#include <utility>

namespace memdb {

void SupersededList::Push(const Heap& heap, Ref ref) {
  EntryAt(heap, ref)->next_superseded = head;
  if (head == 0) tail = ref;
  head = ref;
  size++;
}

Ref SupersededList::Pop(const Heap& heap) {
  const Ref ref = head;
  head = EntryAt(heap, ref)->next_superseded;
  if (head == 0) tail = 0;
  size--;
  return ref;
}

void SupersededList::Append(const Heap& heap, SupersededList& other) {
  if (other.empty()) return;
  if (empty()) {
    *this = other;
  } else {
    EntryAt(heap, tail)->next_superseded = other.head;
    tail = other.tail;
    size += other.size;
  }
  other = {};
}

namespace {

// Puts a pin before `next` in a ring of pins.
void Link(Pin::Links Pin::* links, Pin* pin, Pin* next) {
  Pin* const previous = (next->*links).previous;
  pin->*links = {previous, next};
  (previous->*links).next = pin;
  (next->*links).previous = pin;
}

void Unlink(Pin::Links Pin::* links, Pin* pin) {
  const auto [previous, next] = pin->*links;
  (previous->*links).next = next;
  (next->*links).previous = previous;
}

// Of a counter that is written under a mutex: an atomic addition costs more.
void Change(std::atomic<size_t>& counter, size_t by) {
  counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

}  // namespace

SnapshotList::SnapshotList(const Heap& heap) : heap_(heap) {
  anchor_.by_version = {&anchor_, &anchor_};
  anchor_.by_work = {&anchor_, &anchor_};
  anchor_.by_optimism = {&anchor_, &anchor_};
}

SnapshotList::~SnapshotList() {
  while (anchor_.by_version.next != &anchor_) {
    Pin* const pin = anchor_.by_version.next;
    Unlink(&Pin::by_version, pin);
    delete pin;
  }
}

Pin* SnapshotList::Acquire(bool optimistic) try {
  MutexLock lock(mutex_);
  const Version version = published_.load(std::memory_order_relaxed);
  Pin* pin = anchor_.by_version.previous;
  if (pin == &anchor_ || pin->version != version) {
    pin = spare_ != nullptr ? spare_.release() : new Pin;
    pin->version = version;
    Link(&Pin::by_version, pin, &anchor_);
    Change(size_, 1);
  }
  pin->readers++;
  if (optimistic && pin->optimistic++ == 0) {
    Link(&Pin::by_optimism, pin, &anchor_);
    SetOldestOptimistic();
  }
  return pin;
} catch (const std::bad_alloc&) {
  return nullptr;
}

void SnapshotList::AcquireAgain(Pin* pin) {
  MutexLock lock(mutex_);
  pin->readers++;
}

void SnapshotList::Release(Pin* pin, bool optimistic) {
  MutexLock lock(mutex_);
  ReleaseLocked(pin, optimistic);
}

void SnapshotList::ReleaseLocked(Pin* pin, bool optimistic) {
  if (optimistic && --pin->optimistic == 0) {
    Unlink(&Pin::by_optimism, pin);
    SetOldestOptimistic();
    AddUnexamined(pin, pin->kept);
  }
  if (--pin->readers > 0) return;
  Pin* const older = pin->by_version.previous;
  Unlink(&Pin::by_version, pin);
  Change(size_, size_t{0} - 1);
  if (!pin->unexamined.empty()) {
    Unlink(&Pin::by_work, pin);
    Change(unexamined_, size_t{0} - pin->unexamined.size);
    AddUnexamined(older, pin->unexamined);
  }
  AddUnexamined(older, pin->waiting);
  if (spare_ == nullptr) {
    spare_.reset(pin);
  } else {
    delete pin;
  }
}

void SnapshotList::AddUnexamined(Pin* pin, SupersededList& entries) {
  if (entries.empty()) return;
  if (pin->unexamined.empty() && pin != &anchor_) Link(&Pin::by_work, pin, &anchor_);
  Change(unexamined_, entries.size);
  pin->unexamined.Append(heap_, entries);
}

void SnapshotList::SetOldestOptimistic() {
  const Pin* oldest = anchor_.by_optimism.next;
  oldest_optimistic_.store(oldest == &anchor_ ? UINT64_MAX : oldest->version,
                           std::memory_order_relaxed);
}

void SnapshotList::KeepForOptimistic(Ref ref, Version mark) {
  SupersededList entries;
  entries.Push(heap_, ref);
  MutexLock lock(mutex_);
  Pin* pin = anchor_.by_optimism.previous;
  // The newer ones began after the deletion: they are few.
  while (pin != &anchor_ && pin->version >= mark) pin = pin->by_optimism.previous;
  if (pin == &anchor_) {
    // The last one has ended just now.
    AddUnexamined(pin, entries);
  } else {
    pin->kept.Append(heap_, entries);
  }
}

SupersededList SnapshotList::Publish(Version version, Pin* own_pin, bool optimistic,
                                     SupersededList superseded) {
  Version newest;
  {
    MutexLock lock(mutex_);
    // Release: a thread that sees the version sees the entries it wrote.
    published_.store(version, std::memory_order_release);
    ReleaseLocked(own_pin, optimistic);
    newest = anchor_.by_version.previous->version;
  }
  // No entry is older than version 1.
  if (newest == 0) return superseded;

  // Sorted out without the mutex: a commit of many entries must not delay others that begin.
  SupersededList seen;
  SupersededList unseen;
  while (!superseded.empty()) {
    const Ref ref = superseded.Pop(heap_);
    (EntryAt(heap_, ref)->version <= newest ? seen : unseen).Push(heap_, ref);
  }
  if (seen.empty()) return unseen;
  MutexLock lock(mutex_);
  Pin* pin = anchor_.by_version.previous;
  // Others may have pinned the new version already.
  if (pin->version == version) pin = pin->by_version.previous;
  if (pin->version == newest) {
    pin->waiting.Append(heap_, seen);
  } else {
    AddUnexamined(pin, seen);
  }
  return unseen;
}

SupersededList SnapshotList::Examine(size_t limit) {
  SupersededList unseen;
  // What another thread adds now, a later call may examine.
  if (unexamined() == 0) return unseen;
  MutexLock lock(mutex_);
  for (; limit > 0 && unexamined() > 0; limit--) {
    Pin* const pin = anchor_.unexamined.empty() ? anchor_.by_work.next : &anchor_;
    const Ref ref = pin->unexamined.Pop(heap_);
    if (pin->unexamined.empty() && pin != &anchor_) Unlink(&Pin::by_work, pin);
    Change(unexamined_, size_t{0} - 1);
    (EntryAt(heap_, ref)->version <= pin->version ? pin->waiting : unseen).Push(heap_, ref);
  }
  return unseen;
}

}  // namespace memdb
