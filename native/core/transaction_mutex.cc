#include "transaction_mutex.h"

#include <mutex>

namespace memdb {

Status TransactionMutex::Lock(Party& party, Clock::duration limit,
                              int* holder) NO_THREAD_SAFETY_ANALYSIS {
  std::unique_lock lock(mutex_.native());
  if (closed_) return Status::kClosed;
  Party* const now_held = holder_.load(std::memory_order_relaxed);
  if (now_held == &party) return Status::kNested;
  if (now_held == nullptr) {
    holder_.store(&party, std::memory_order_relaxed);
    party.waiting_since_ = {};
    return Status::kOk;
  }

  const Clock::time_point start = Clock::now();
  if (party.waiting_since_ == Clock::time_point{}) party.waiting_since_ = start;
  Enqueue(party);
  const auto my_turn = [&]() REQUIRES(mutex_) {
    return party.handed_over_ || closed_ || holder_.load(std::memory_order_relaxed) == nullptr;
  };
  const bool turn = party.turn_.wait_until(lock, start + limit, my_turn);
  if (!party.handed_over_) Dequeue(party);

  if (closed_) {
    // Closing took the lock away from whoever had it.
    party.handed_over_ = false;
    return Status::kClosed;
  }
  if (!turn) {
    const Party* held_by = holder_.load(std::memory_order_relaxed);
    *holder = held_by == nullptr ? -1 : held_by->thread_id();
    return Status::kBusy;
  }
  holder_.store(&party, std::memory_order_relaxed);
  party.handed_over_ = false;
  party.waiting_since_ = {};
  return Status::kOk;
}

void TransactionMutex::Unlock(Party& party) NO_THREAD_SAFETY_ANALYSIS {
  MutexLock lock(mutex_);
  if (holder_.load(std::memory_order_relaxed) != &party) return;
  Party* const first = queue_;
  holder_.store(nullptr, std::memory_order_relaxed);
  if (first == nullptr) return;
  if (Clock::now() - first->waiting_since_ >= kPatience) {
    Dequeue(*first);
    first->handed_over_ = true;
    holder_.store(first, std::memory_order_relaxed);
  }
  first->turn_.notify_one();
}

void TransactionMutex::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
  holder_.store(nullptr, std::memory_order_relaxed);
  for (Party* party = queue_; party != nullptr; party = party->next_) party->turn_.notify_one();
}

void TransactionMutex::Enqueue(Party& party) {
  Party** at = &queue_;
  while (*at != nullptr && (*at)->waiting_since_ <= party.waiting_since_) at = &(*at)->next_;
  party.next_ = *at;
  *at = &party;
}

void TransactionMutex::Dequeue(Party& party) {
  Party** at = &queue_;
  while (*at != &party) at = &(*at)->next_;
  *at = party.next_;
}

}  // namespace memdb
