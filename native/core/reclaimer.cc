#include "reclaimer.h"

#include <chrono>
#include <exception>
#include <utility>

#include "clock.h"
#include "store.h"

namespace memdb {

namespace {

// Threads of the store that are awake have so long to free the entries themselves.
constexpr std::chrono::milliseconds kDelay{10};

// How many entries are examined at a time, and the pause after that. Other threads need the
// same locks, and closing a store waits for this.
constexpr size_t kStep = 256;
constexpr std::chrono::microseconds kPause{50};

}  // namespace

Reclaimer& Reclaimer::Instance() {
  static auto* const reclaimer = new Reclaimer;
  return *reclaimer;
}

void Reclaimer::Request(const std::shared_ptr<Store>& store) {
  // Requested already: the thread's exchange comes after this one, so it sees the entries.
  if (store->reclaim_requested.exchange(true, std::memory_order_acq_rel)) return;
  Instance().Add(store);
}

void Reclaimer::Add(const std::shared_ptr<Store>& store) try {
  MutexLock lock(mutex_);
  stores_.push_back(store);
  if (running_) return;
  // One that has ended by itself.
  if (thread_.joinable()) thread_.join();
  thread_ = std::thread([this] { Run(); });
  running_ = true;
} catch (const std::exception&) {
  // There is no memory, or no thread.
  store->reclaim_requested.store(false, std::memory_order_relaxed);
}

void Reclaimer::Run() {
  for (auto stores = Await(); !stores.empty(); stores = Await()) {
    for (const auto& each : stores) {
      while (const auto store = each.lock()) {
        // Before the work: what comes later is requested again.
        store->reclaim_requested.exchange(false, std::memory_order_acq_rel);
        if (stopping() || store->ReclaimAside(kStep) == 0) break;
        std::this_thread::sleep_for(kPause);
      }
    }
  }
}

std::vector<std::weak_ptr<Store>> Reclaimer::Await() {
  MutexLock lock(mutex_);
  std::unique_lock waiting(mutex_.native(), std::adopt_lock);
  stop_.wait_until(waiting, Clock::now() + kDelay, [this]() REQUIRES(mutex_) { return stopping_; });
  waiting.release();
  if (stopping_) {
    for (const auto& each : std::exchange(stores_, {})) {
      const auto store = each.lock();
      if (store != nullptr) store->reclaim_requested.store(false, std::memory_order_relaxed);
    }
  }
  running_ = !stores_.empty();
  return std::exchange(stores_, {});
}

bool Reclaimer::stopping() {
  MutexLock lock(mutex_);
  return stopping_;
}

bool Reclaimer::running() {
  MutexLock lock(mutex_);
  return running_;
}

void Reclaimer::Stop() {
  std::thread thread;
  {
    MutexLock lock(mutex_);
    thread = std::move(thread_);
    stopping_ = true;
  }
  stop_.notify_one();
  if (thread.joinable()) thread.join();
  MutexLock lock(mutex_);
  stopping_ = false;
}

}  // namespace memdb
