#ifndef MEMDB_CORE_CLOCK_H_
#define MEMDB_CORE_CLOCK_H_

#include <chrono>
#if defined(__linux__)
#include <time.h>
#endif

namespace memdb {

using Clock = std::chrono::steady_clock;

// Returns the time of Clock, up to a few milliseconds late. It is much faster than
// Clock::now, which was a tenth of beginning a batch.
inline Clock::time_point CoarseNow() {
#if defined(__linux__)
  timespec now;
  if (clock_gettime(CLOCK_MONOTONIC_COARSE, &now) == 0) {
    return Clock::time_point(std::chrono::seconds(now.tv_sec) +
                             std::chrono::nanoseconds(now.tv_nsec));
  }
#endif
  return Clock::now();
}

}  // namespace memdb

#endif  // MEMDB_CORE_CLOCK_H_
