#ifndef MEMDB_CORE_TRANSACTION_MUTEX_H_
#define MEMDB_CORE_TRANSACTION_MUTEX_H_

#include <atomic>
#include <climits>
#include <cstdint>

#include "clock.h"
#include "condition.h"
#include "mutex.h"
#include "status.h"
#include "thread_annotations.h"

namespace memdb {

// The lock of a store's commits. Unlike a mutex, it is held across calls (by `update`, while
// JavaScript runs), waits for a bounded time and knows its holder. A thread that takes it again
// and again cannot starve others: Unlock hands it to a thread that has waited for a millisecond.
//
// A thread can also wait without sleeping in the core: it takes a place in the same queue, and asks
// again later. Unlock reserves the mutex for such a place. The thread may be busy with something
// else, so a reservation ends after a while if others wait. Then the place counts again once its
// thread has asked.
class CAPABILITY("mutex") TransactionMutex {
  // For how long the mutex is reserved at first.
  static constexpr Clock::duration kReservation = std::chrono::milliseconds(10);

 public:
  // A thread that uses the mutex.
  class Party {
   public:
    explicit Party(int thread_id) : thread_id_(thread_id) {}
    int thread_id() const { return thread_id_; }

   private:
    friend class TransactionMutex;
    const int thread_id_;
    // While the party waits, the mutex's own mutex guards the rest.
    Condition turn_;
    Party* next_ = nullptr;
    // A wait in slices is one wait: a party that returns within kBreak of a time-out keeps
    // its place in the queue.
    Clock::time_point waiting_since_{};
    Clock::time_point timed_out_at_{};
    bool handed_over_ = false;
    // Of a place: whether it stands in the queue, and when the mutex was reserved for it. The time
    // that a reservation lasts doubles whenever it was too short.
    bool place_ = false;
    bool queued_ = false;
    bool absent_ = false;
    Clock::time_point reserved_at_{};
    Clock::duration patience_ = kReservation;
  };

  // Returns kOk, kNested, kClosed; or kBusy after the limit. With kBusy, `holder` has the thread
  // id of the holder, or -1 if nobody holds the mutex or it is not known yet who does.
  Status Lock(Party& party, Clock::duration limit, int* holder);
  // Takes it if it is free and nobody waits for it.
  bool TryLock(Party& party);
  void Unlock(Party& party);
  // Takes the mutex for `party` if it is free or reserved for `place`, else queues the place.
  // Returns kOk, kBusy, kNested or kClosed. A place is a party of the same thread. Only this and
  // Leave take it.
  Status Join(Party& place, Party& party, int* holder) EXCLUDES(mutex_);
  // Gives up the place.
  void Leave(Party& place) EXCLUDES(mutex_);
  // Whether the party's thread, which calls this, holds the mutex, by this party or another
  // one. May be stale after Close.
  bool HeldByThreadOf(const Party& party) const {
    return holder_thread_.load(std::memory_order_relaxed) == party.thread_id_;
  }
  // Informs the analysis, after HeldByThreadOf or Lock.
  void AssertHeld() const ASSERT_CAPABILITY(this) {}

  // Refuses all threads that wait and all later ones.
  void Close() EXCLUDES(mutex_);

 private:
  static constexpr Clock::duration kPatience = std::chrono::milliseconds(1);
  static constexpr Clock::duration kBreak = std::chrono::milliseconds(100);

  // No thread's id.
  static constexpr int kNoThread = INT_MIN;

  // A bit of state_, which also has the holder's address: a thread waits, or the mutex is
  // closed. While the bit is set, state_ changes only under mutex_.
  static constexpr uintptr_t kWatched = 1;

  static Party* HolderOf(uintptr_t state);
  bool Holds(const Party& party) const;
  // Sets kWatched. Returns the holder.
  Party* Watch() REQUIRES(mutex_);
  // Clears kWatched, unless it is still needed.
  void Unwatch() REQUIRES(mutex_);
  // The mutex must be watched, or held by the caller. Keeps kWatched if it is still needed.
  void SetHolder(Party* party) REQUIRES(mutex_);
  void Enqueue(Party& party) REQUIRES(mutex_);
  void Dequeue(Party& party) REQUIRES(mutex_);
  // Ends a reservation that has lasted too long, or that stands in the way of its own thread.
  void EndReservation(const Party& waiting) REQUIRES(mutex_);
  // Gives the mutex, which is free, to the first in the queue, or wakes that one.
  void PassOn() REQUIRES(mutex_);

  std::atomic<uintptr_t> state_{0};
  // The holder's thread. May be stale, but a thread can always check whether it is itself.
  std::atomic<int> holder_thread_{kNoThread};

  ConditionMutex mutex_;
  // The waiting parties, the longest waiting first.
  Party* queue_ GUARDED_BY(mutex_) = nullptr;
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace memdb

#endif  // MEMDB_CORE_TRANSACTION_MUTEX_H_
