#ifndef MEMDB_TEST_THREADS_H_
#define MEMDB_TEST_THREADS_H_

#include <chrono>
#include <functional>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "check.h"

namespace memdb::test {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Runs `body(0)` to `body(count - 1)`, each in its own thread, all started at the
// same moment; returns when all have ended.
inline void RunThreads(int count, const std::function<void(int)>& body) {
  std::latch start(count);
  std::vector<std::thread> threads;
  for (int i = 0; i < count; i++) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      body(i);
    });
  }
  for (auto& thread : threads) thread.join();
}

// Waits until another thread has done something; fails the test after a minute.
template <typename Condition>
void WaitUntil(const char* what, Condition&& condition) {
  const auto deadline = Clock::now() + seconds(60);
  while (!condition()) {
    if (Clock::now() > deadline) Fail(__FILE__, __LINE__, std::string("never: ") + what);
    std::this_thread::sleep_for(milliseconds(1));
  }
}

inline std::string Milliseconds(Clock::duration duration) {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  return std::to_string(us / 1000) + "." + std::to_string(us % 1000 / 100) + " ms";
}

}  // namespace memdb::test

#endif  // MEMDB_TEST_THREADS_H_
