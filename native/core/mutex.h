#ifndef MEMDB_CORE_MUTEX_H_
#define MEMDB_CORE_MUTEX_H_

#include <atomic>
#include <cstdint>
#include <mutex>

#include "thread_annotations.h"

namespace memdb {

// A mutex of four bytes. Its fast paths are one atomic operation each, without a
// call: the calls of std::mutex were a fifth of a small transaction. Waiting threads
// sleep in the kernel. Not recursive.
class CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() ACQUIRE() {
    uint32_t idle = kIdle;
    if (!state_.compare_exchange_strong(idle, kHeld, std::memory_order_acquire,
                                        std::memory_order_relaxed)) [[unlikely]] {
      LockSlowly();
    }
  }

  void Unlock() RELEASE() {
    // Sequentially consistent: else the check for waiters in notify_one might move before it.
    if (state_.exchange(kIdle, std::memory_order_seq_cst) == kWaitedFor) [[unlikely]] {
      state_.notify_one();
    }
  }

 private:
  static constexpr uint32_t kIdle = 0;
  static constexpr uint32_t kHeld = 1;
  // Held; at least one thread may be waiting.
  static constexpr uint32_t kWaitedFor = 2;

  void LockSlowly();

  std::atomic<uint32_t> state_{kIdle};
};

// A mutex that nearly always the same thread takes, its owner: unlocking is a plain
// store. Other threads poll it, with pauses. The owner often locks it again at once, so
// it pauses a moment if others are waiting.
class CAPABILITY("mutex") OwnerMutex {
 public:
  OwnerMutex() = default;
  OwnerMutex(const OwnerMutex&) = delete;
  OwnerMutex& operator=(const OwnerMutex&) = delete;

  void Lock() ACQUIRE() {
    if (held_.exchange(true, std::memory_order_acquire)) [[unlikely]] {
      LockSlowly();
    }
  }
  void Unlock() RELEASE() {
    held_.store(false, std::memory_order_release);
    // If we miss a waiter now, the next Unlock sees it.
    if (waiting_.load(std::memory_order_relaxed) != 0) [[unlikely]] {
      LetIn();
    }
  }

 private:
  void LockSlowly();
  void LetIn();

  std::atomic<bool> held_{false};
  // How many threads are in LockSlowly.
  std::atomic<uint32_t> waiting_{0};
};

// std::mutex with the annotations that libstdc++ lacks, for condition variables.
class CAPABILITY("mutex") ConditionMutex {
 public:
  ConditionMutex() = default;
  ConditionMutex(const ConditionMutex&) = delete;
  ConditionMutex& operator=(const ConditionMutex&) = delete;

  void Lock() ACQUIRE() { mutex_.lock(); }
  void Unlock() RELEASE() { mutex_.unlock(); }
  std::mutex& native() RETURN_CAPABILITY(this) { return mutex_; }

 private:
  std::mutex mutex_;
};

// Holds a mutex for a scope.
template <typename AnyMutex>
class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(AnyMutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() RELEASE() { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  AnyMutex& mutex_;
};

}  // namespace memdb

#endif  // MEMDB_CORE_MUTEX_H_
