#include "transaction_mutex.h"

#include <mutex>

namespace memdb {

Status TransactionMutex::Lock(Party& party, Clock::duration limit,
                              int* holder) NO_THREAD_SAFETY_ANALYSIS {
  if (TryLock(party)) return Status::kOk;
  std::unique_lock lock(mutex_.native());
  if (closed_) return Status::kClosed;
  EndReservation(party);
  // Even if another party of this thread holds it: the thread would wait for itself.
  if (HeldByThreadOf(party)) return Status::kNested;
  if (Watch() == nullptr) {
    SetHolder(&party);
    party.waiting_since_ = {};
    return Status::kOk;
  }

  const Clock::time_point start = Clock::now();
  if (party.waiting_since_ == Clock::time_point{} || start - party.timed_out_at_ > kBreak) {
    party.waiting_since_ = start;
  }
  Enqueue(party);
  const auto my_turn = [&]() REQUIRES(mutex_) {
    return party.handed_over_ || closed_ || Watch() == nullptr;
  };
  const bool turn = party.turn_.wait_until(lock, start + limit, my_turn);
  if (!party.handed_over_) Dequeue(party);

  if (closed_) {
    // Close() took the lock from its holder.
    party.handed_over_ = false;
    return Status::kClosed;
  }
  if (!turn) {
    EndReservation(party);
    party.timed_out_at_ = Clock::now();
    const int thread = holder_thread_.load(std::memory_order_relaxed);
    *holder = thread == kNoThread ? -1 : thread;
    Unwatch();
    return Status::kBusy;
  }
  SetHolder(&party);
  party.handed_over_ = false;
  party.waiting_since_ = {};
  return Status::kOk;
}

bool TransactionMutex::TryLock(Party& party) {
  uintptr_t idle = 0;
  // Acquire pairs with the release of Unlock and SetHolder, release with Watch: who waits looks at
  // the holder's party.
  if (!state_.compare_exchange_strong(idle, reinterpret_cast<uintptr_t>(&party),
                                      std::memory_order_acq_rel, std::memory_order_relaxed)) {
    return false;
  }
  holder_thread_.store(party.thread_id_, std::memory_order_relaxed);
  party.waiting_since_ = {};
  return true;
}

void TransactionMutex::Unlock(Party& party) NO_THREAD_SAFETY_ANALYSIS {
  if (!Holds(party)) return;
  holder_thread_.store(kNoThread, std::memory_order_relaxed);
  auto mine = reinterpret_cast<uintptr_t>(&party);
  if (state_.compare_exchange_strong(mine, 0, std::memory_order_release,
                                     std::memory_order_relaxed)) {
    return;
  }
  MutexLock lock(mutex_);
  if (Watch() != &party) return;  // closed
  SetHolder(nullptr);
  PassOn();
}

void TransactionMutex::PassOn() {
  Party* first = queue_;
  while (first != nullptr && first->absent_) first = first->next_;
  if (first == nullptr) return;
  const Clock::time_point now = Clock::now();
  if (now - first->waiting_since_ >= kPatience) {
    Dequeue(*first);
    first->handed_over_ = true;
    first->reserved_at_ = now;
    SetHolder(first);
  } else {
    // No thread sleeps at a place: JavaScript wakes the event loop that has it.
    while (first != nullptr && first->place_) first = first->next_;
  }
  if (first != nullptr) first->turn_.notify_one();
}

Status TransactionMutex::Join(Party& place, Party& party, int* holder) {
  MutexLock lock(mutex_);
  if (closed_) return Status::kClosed;
  place.place_ = true;
  const bool mine = place.handed_over_;
  if (!mine) {
    if (HeldByThreadOf(party)) return Status::kNested;
    EndReservation(party);
    if (Watch() != nullptr) {
      if (!place.queued_) {
        if (place.waiting_since_ == Clock::time_point{}) place.waiting_since_ = Clock::now();
        Enqueue(place);
      }
      place.absent_ = false;
      const int thread = holder_thread_.load(std::memory_order_relaxed);
      *holder = thread == kNoThread ? -1 : thread;
      return Status::kBusy;
    }
    if (place.queued_) Dequeue(place);
  }
  place.handed_over_ = false;
  place.absent_ = false;
  place.waiting_since_ = {};
  place.patience_ = kReservation;
  SetHolder(&party);
  party.waiting_since_ = {};
  return Status::kOk;
}

void TransactionMutex::Leave(Party& place) {
  MutexLock lock(mutex_);
  place.waiting_since_ = {};
  place.patience_ = kReservation;
  place.absent_ = false;
  if (place.queued_) {
    Dequeue(place);
    Unwatch();
  }
  if (!place.handed_over_) return;
  place.handed_over_ = false;
  if (closed_) return;
  SetHolder(nullptr);
  PassOn();
}

void TransactionMutex::EndReservation(const Party& waiting) {
  Party* const holder = Watch();
  if (holder == nullptr || !holder->place_ || !holder->handed_over_) return;
  const bool own = holder->thread_id_ == waiting.thread_id_;
  if (!own && Clock::now() - holder->reserved_at_ < holder->patience_) return;
  holder->handed_over_ = false;
  if (!own) {
    holder->absent_ = true;
    holder->patience_ *= 2;
  }
  Enqueue(*holder);
  SetHolder(nullptr);
}

void TransactionMutex::Close() {
  MutexLock lock(mutex_);
  Watch();
  closed_ = true;
  SetHolder(nullptr);
  for (Party* party = queue_; party != nullptr; party = party->next_) party->turn_.notify_one();
}

TransactionMutex::Party* TransactionMutex::HolderOf(uintptr_t state) {
  static_assert(alignof(Party) > kWatched);
  return reinterpret_cast<Party*>(state & ~kWatched);
}

bool TransactionMutex::Holds(const Party& party) const {
  // Acquire: a thread that lost the lock to Close() sees that the store is closed.
  return HolderOf(state_.load(std::memory_order_acquire)) == &party;
}

TransactionMutex::Party* TransactionMutex::Watch() {
  return HolderOf(state_.fetch_or(kWatched, std::memory_order_acquire));
}

void TransactionMutex::Unwatch() {
  if (queue_ == nullptr && !closed_) state_.fetch_and(~kWatched, std::memory_order_release);
}

void TransactionMutex::SetHolder(Party* party) {
  const uintptr_t watched = queue_ != nullptr || closed_ ? kWatched : 0;
  // Of a reservation the thread does not know yet.
  const bool known = party != nullptr && !(party->place_ && party->handed_over_);
  holder_thread_.store(known ? party->thread_id_ : kNoThread, std::memory_order_relaxed);
  state_.store(reinterpret_cast<uintptr_t>(party) | watched, std::memory_order_release);
}

void TransactionMutex::Enqueue(Party& party) {
  Party** at = &queue_;
  while (*at != nullptr && (*at)->waiting_since_ <= party.waiting_since_) at = &(*at)->next_;
  party.next_ = *at;
  *at = &party;
  party.queued_ = true;
}

void TransactionMutex::Dequeue(Party& party) {
  Party** at = &queue_;
  while (*at != &party) at = &(*at)->next_;
  *at = party.next_;
  party.queued_ = false;
}

}  // namespace memdb
