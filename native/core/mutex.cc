#include "mutex.h"

#include <chrono>
#include <thread>

namespace memdb {

namespace {

// The pause between two polls.
constexpr std::chrono::microseconds kLook{50};

}  // namespace

void Mutex::LockSlowly() {
  // A thread that has waited cannot know whether others still wait: it leaves kWaitedFor behind.
  while (state_.exchange(kWaitedFor, std::memory_order_acquire) != kIdle) {
    state_.wait(kWaitedFor, std::memory_order_relaxed);
  }
}

void OwnerMutex::LockSlowly() {
  constexpr int kYields = 16;
  waiting_.fetch_add(1, std::memory_order_relaxed);
  for (int tries = 0; held_.exchange(true, std::memory_order_acquire); tries++) {
    if (tries < kYields) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(kLook);
    }
  }
  waiting_.fetch_sub(1, std::memory_order_relaxed);
}

void OwnerMutex::LetIn() {
  constexpr int kLooks = 20;
  for (int look = 0; look < kLooks && waiting_.load(std::memory_order_relaxed) != 0; look++) {
    std::this_thread::sleep_for(kLook);
  }
}

}  // namespace memdb
