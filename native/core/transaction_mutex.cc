#include "transaction_mutex.h"

#include <mutex>

namespace memdb {

Status TransactionMutex::Lock(Party& party, Clock::duration limit,
                              int* holder) NO_THREAD_SAFETY_ANALYSIS {
  std::unique_lock lock(mutex_.native());
  if (closed_) return Status::kClosed;
  // Of another party of this thread too: it would wait for itself.
  if (HeldByThreadOf(party)) return Status::kNested;
  if (holder_ == nullptr) {
    SetHolder(&party);
    party.waiting_since_ = {};
    return Status::kOk;
  }

  const Clock::time_point start = Clock::now();
  if (party.waiting_since_ == Clock::time_point{}) party.waiting_since_ = start;
  Enqueue(party);
  const auto my_turn = [&]() REQUIRES(mutex_) {
    return party.handed_over_ || closed_ || holder_ == nullptr;
  };
  const bool turn = party.turn_.wait_until(lock, start + limit, my_turn);
  if (!party.handed_over_) Dequeue(party);

  if (closed_) {
    // Closing took the lock away from whoever had it.
    party.handed_over_ = false;
    return Status::kClosed;
  }
  if (!turn) {
    *holder = holder_ == nullptr ? -1 : holder_->thread_id_;
    return Status::kBusy;
  }
  SetHolder(&party);
  party.handed_over_ = false;
  party.waiting_since_ = {};
  return Status::kOk;
}

void TransactionMutex::Unlock(Party& party) NO_THREAD_SAFETY_ANALYSIS {
  MutexLock lock(mutex_);
  if (holder_ != &party) return;
  Party* const first = queue_;
  SetHolder(nullptr);
  if (first == nullptr) return;
  if (Clock::now() - first->waiting_since_ >= kPatience) {
    Dequeue(*first);
    first->handed_over_ = true;
    SetHolder(first);
  }
  first->turn_.notify_one();
}

void TransactionMutex::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
  SetHolder(nullptr);
  for (Party* party = queue_; party != nullptr; party = party->next_) party->turn_.notify_one();
}

void TransactionMutex::SetHolder(Party* party) {
  holder_ = party;
  holder_thread_.store(party == nullptr ? kNoThread : party->thread_id_, std::memory_order_relaxed);
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
