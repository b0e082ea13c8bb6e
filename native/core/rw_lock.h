#ifndef MEMDB_CORE_RW_LOCK_H_
#define MEMDB_CORE_RW_LOCK_H_

#include <atomic>
#include <cstdint>

#include "thread_annotations.h"

namespace memdb {

// A reader-writer lock of four bytes. A waiting writer keeps new readers out, so readers
// cannot starve it. Waiting threads sleep in the kernel. The fast paths are one atomic
// operation each. Not recursive.
class CAPABILITY("rw_lock") RwLock {
 public:
  RwLock() = default;
  RwLock(const RwLock&) = delete;
  RwLock& operator=(const RwLock&) = delete;

  void LockShared() ACQUIRE_SHARED() {
    // Acquire pairs with the release of Unlock: we see what the writer wrote.
    if (state_.fetch_add(1, std::memory_order_acquire) & kWriter) [[unlikely]] {
      LockSharedSlowly();
    }
  }

  void UnlockShared() RELEASE_SHARED() {
    // Release: the writer that gets in next must not see our reads move past this. Sequentially
    // consistent: else the check for waiters in notify_all might move before it.
    const uint32_t before = state_.fetch_sub(1, std::memory_order_seq_cst);
    if (before == (kWriter | 1)) [[unlikely]] {
      state_.notify_all();
    }
  }

  void Lock() ACQUIRE() {
    uint32_t idle = 0;
    if (!state_.compare_exchange_strong(idle, kWriter, std::memory_order_acquire,
                                        std::memory_order_relaxed)) [[unlikely]] {
      LockSlowly();
    }
  }

  void Unlock() RELEASE() {
    state_.fetch_and(~kWriter, std::memory_order_seq_cst);
    // Makes no system call unless a thread waits.
    state_.notify_all();
  }

 private:
  // The writer that holds the lock, or is the next to hold it, sets this bit. The other
  // bits count the readers inside.
  static constexpr uint32_t kWriter = 1u << 31;

  void LockSharedSlowly();
  void LockSlowly();

  std::atomic<uint32_t> state_{0};
};

class SCOPED_CAPABILITY ReaderLock {
 public:
  explicit ReaderLock(RwLock& lock) ACQUIRE_SHARED(lock) : lock_(lock) { lock_.LockShared(); }
  ~ReaderLock() RELEASE_GENERIC() { lock_.UnlockShared(); }
  ReaderLock(const ReaderLock&) = delete;
  ReaderLock& operator=(const ReaderLock&) = delete;

 private:
  RwLock& lock_;
};

class SCOPED_CAPABILITY WriterLock {
 public:
  explicit WriterLock(RwLock& lock) ACQUIRE(lock) : lock_(lock) { lock_.Lock(); }
  ~WriterLock() RELEASE() { lock_.Unlock(); }
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  RwLock& lock_;
};

}  // namespace memdb

#endif  // MEMDB_CORE_RW_LOCK_H_
