#ifndef MEMDB_CORE_TRANSACTION_MUTEX_H_
#define MEMDB_CORE_TRANSACTION_MUTEX_H_

#include <atomic>
#include <climits>
#include <condition_variable>
#include <cstdint>

#include "clock.h"
#include "mutex.h"
#include "status.h"
#include "thread_annotations.h"

namespace memdb {

// The one lock under which the versions of a store are made. Unlike a mutex it is
// held across calls (by `update`, while JavaScript runs), waits for a bounded
// time, knows its holder, and does not let a thread that takes it again and again
// starve the others: whoever has waited for a millisecond gets it handed over.
class CAPABILITY("mutex") TransactionMutex {
 public:
  // A thread of the store, as the mutex sees it.
  class Party {
   public:
    explicit Party(int thread_id) : thread_id_(thread_id) {}
    int thread_id() const { return thread_id_; }

   private:
    friend class TransactionMutex;
    const int thread_id_;
    // The rest is guarded by the mutex's own mutex while the party waits.
    std::condition_variable turn_;
    Party* next_ = nullptr;
    // A wait in slices is one wait: a party that returns within kBreak of a time-out keeps
    // its place in the queue.
    Clock::time_point waiting_since_{};
    Clock::time_point timed_out_at_{};
    bool handed_over_ = false;
  };

  // kOk, kNested, kClosed; or kBusy when `limit` has passed, with the thread id of
  // the holder in `holder` (-1: nobody, or who is not known yet).
  Status Lock(Party& party, Clock::duration limit, int* holder);
  // Takes it if nobody has it and nobody waits for it.
  bool TryLock(Party& party);
  void Unlock(Party& party);
  // Whether the calling thread, which is the party's, holds it; by this party or
  // by another one. Once it is closed, perhaps only held it.
  bool HeldByThreadOf(const Party& party) const {
    return holder_thread_.load(std::memory_order_relaxed) == party.thread_id_;
  }
  // Tells the analysis what HeldByThreadOf or Lock has found.
  void AssertHeld() const ASSERT_CAPABILITY(this) {}

  // Turns away all who wait and all who come.
  void Close() EXCLUDES(mutex_);

 private:
  static constexpr Clock::duration kPatience = std::chrono::milliseconds(1);
  static constexpr Clock::duration kBreak = std::chrono::milliseconds(100);

  // No thread's id.
  static constexpr int kNoThread = INT_MIN;

  // In state_, beside the holder's address: somebody waits, or the mutex is closed. Whoever
  // finds it set goes through mutex_, and while it is set state_ changes under that alone.
  static constexpr uintptr_t kWatched = 1;

  static Party* HolderOf(uintptr_t state);
  bool Holds(const Party& party) const;
  // Sets kWatched; who has the lock.
  Party* Watch() REQUIRES(mutex_);
  // Clears it, unless there is reason for it.
  void Unwatch() REQUIRES(mutex_);
  // Of a mutex that is watched, or held by the caller; leaves kWatched where there is reason for
  // it.
  void SetHolder(Party* party) REQUIRES(mutex_);
  void Enqueue(Party& party) REQUIRES(mutex_);
  void Dequeue(Party& party) REQUIRES(mutex_);

  std::atomic<uintptr_t> state_{0};
  // The holder's thread. Others may see it late; a thread can always ask whether it is itself.
  std::atomic<int> holder_thread_{kNoThread};

  ConditionMutex mutex_;
  // Those who wait, the longest waiting first.
  Party* queue_ GUARDED_BY(mutex_) = nullptr;
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace memdb

#endif  // MEMDB_CORE_TRANSACTION_MUTEX_H_
