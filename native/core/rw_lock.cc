#include "rw_lock.h"

namespace memdb {

void RwLock::LockSharedSlowly() {
  for (;;) {
    // A writer is inside, or waits for the readers before us: count ourselves out
    // again, and notify the writer if we were the last reader.
    if (state_.fetch_sub(1, std::memory_order_seq_cst) == (kWriter | 1)) {
      state_.notify_all();
    }
    for (uint32_t seen; (seen = state_.load(std::memory_order_relaxed)) & kWriter;) {
      state_.wait(seen, std::memory_order_relaxed);
    }
    if (!(state_.fetch_add(1, std::memory_order_acquire) & kWriter)) return;
  }
}

void RwLock::LockSlowly() {
  for (;;) {
    const uint32_t before = state_.fetch_or(kWriter, std::memory_order_acquire);
    if (!(before & kWriter)) break;  // we are the next writer
    state_.wait(before, std::memory_order_relaxed);
  }
  // No new reader gets in now; wait for those inside. Acquire pairs with the release in
  // UnlockShared: their reads are done.
  for (uint32_t seen; (seen = state_.load(std::memory_order_acquire)) != kWriter;) {
    state_.wait(seen, std::memory_order_relaxed);
  }
}

}  // namespace memdb
