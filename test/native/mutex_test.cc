#include "core/mutex.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "check.h"
#include "threads.h"

namespace memdb::test {
namespace {

// The mutex guards a plain number, so that ThreadSanitizer checks it.
template <typename AnyMutex>
void CountTogether() {
  for (const int threads : {2, 4, 8}) {
    AnyMutex mutex;
    int64_t count = 0;
    RunThreads(threads, [&](int i) {
      for (int round = 0; round < Rounds(50'000); round++) {
        MutexLock lock(mutex);
        count++;
        // Long enough that the others go to sleep.
        if (i == 0 && round % 10'000 == 0) std::this_thread::sleep_for(milliseconds(5));
      }
    });
    CHECK_EQ(count, int64_t{threads} * Rounds(50'000));
  }
}

TEST("mutex: one thread at a time, and every thread gets it") {
  CountTogether<Mutex>();
}

TEST("mutex: OwnerMutex: one thread at a time, and every thread gets it") {
  CountTogether<OwnerMutex>();
}

TEST("mutex: OwnerMutex: others get it though the owner always locks it again") {
  OwnerMutex mutex;
  std::atomic<bool> done{false};
  Clock::duration longest{};
  RunThreads(3, [&](int i) {
    if (i == 0) {
      while (!done) {
        MutexLock lock(mutex);
        for (const auto start = Clock::now(); Clock::now() - start < milliseconds(1);) {
        }
      }
      return;
    }
    for (int round = 0; round < Rounds(100); round++) {
      const auto start = Clock::now();
      MutexLock lock(mutex);
      longest = std::max(longest, Clock::now() - start);
      if (i == 1 && round + 1 == Rounds(100)) done = true;
    }
  });
  Note("longest wait for an owner " + Milliseconds(longest));
  CHECK(longest < seconds(10));
}

}  // namespace
}  // namespace memdb::test
