#ifndef MEMDB_CORE_CONDITION_H_
#define MEMDB_CORE_CONDITION_H_

#include <condition_variable>
#include <mutex>

#include "clock.h"
#include "thread_annotations.h"
#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#endif

namespace memdb {

#if defined(__linux__)

// A condition variable whose waits end by Clock. That of the standard library needs glibc 2.34
// for such waits.
class Condition {
 public:
  Condition() = default;
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

  // The caller has changed what the other thread waits for, under that thread's mutex.
  void notify_one() {
    notices_.fetch_add(1, std::memory_order_seq_cst);
    Futex(FUTEX_WAKE_PRIVATE, 1, nullptr);
  }

  // Waits until `done` or the deadline. Returns whether it is done. Not analysed: `done` may
  // require the mutex of `lock`, which has another name here.
  template <typename Done>
  bool wait_until(std::unique_lock<std::mutex>& lock, Clock::time_point deadline,
                  Done done) NO_THREAD_SAFETY_ANALYSIS {
    while (!done()) {
      // Read under the lock: the kernel does not sleep if there is a notice after this.
      const uint32_t seen = notices_.load(std::memory_order_seq_cst);
      const std::chrono::nanoseconds left = deadline - Clock::now();
      if (left.count() <= 0) return false;
      const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
      const timespec limit = {static_cast<time_t>(seconds.count()),
                              static_cast<long>((left - seconds).count())};
      lock.unlock();
      // The kernel measures a relative limit by CLOCK_MONOTONIC, which is Clock.
      Futex(FUTEX_WAIT_PRIVATE, seen, &limit);
      lock.lock();
    }
    return true;
  }

 private:
  void Futex(int operation, uint32_t value, const timespec* limit) {
    syscall(SYS_futex, reinterpret_cast<uint32_t*>(&notices_), operation, value, limit, nullptr, 0);
  }

  std::atomic<uint32_t> notices_{0};
  static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t));
};

#else

using Condition = std::condition_variable;

#endif

}  // namespace memdb

#endif  // MEMDB_CORE_CONDITION_H_
