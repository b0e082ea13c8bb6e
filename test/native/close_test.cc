// Stores that are closed by one thread while others use them.

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "check.h"
#include "core/registry.h"
#include "memory.h"
#include "threads.h"
#include "user.h"

namespace memdb::test {
namespace {

// Does something random; returns false if the store is closed.
class Worker {
 public:
  Worker(std::unique_ptr<Session> session, const Random& random)
      : user_(std::move(session)), random_(random) {}

  bool Step() {
    if (batch_ == nullptr) return (batch_ = user_->Begin(true)) != nullptr;
    switch (random_.Below(8)) {
      case 0:
      case 1:
        return IsOpen(user_.TryPut(batch_, Key(), random_.Text(random_.Below(3000))));
      case 2: {
        size_t needed;
        uint8_t target[64];
        const int size = user_->Get(batch_, DigestOf(Key()), target, &needed);
        return IsOpen(static_cast<Status>(std::min(size, 0)));
      }
      case 3: {
        const std::vector<Digest> digests = {DigestOf(Key()), DigestOf(Key())};
        int32_t sizes[2];
        std::vector<uint8_t> target(7000);
        size_t needed;
        const int bytes = user_->GetMany(batch_, digests, sizes, target, &needed);
        return IsOpen(static_cast<Status>(std::min(bytes, 0)));
      }
      case 4:
        return Walk();
      case 5: {
        const bool open = IsOpen(user_.TryCommit(batch_));
        batch_ = nullptr;
        return open;
      }
      case 6: {
        int holder;
        const Status status = user_->Lock(milliseconds(1), &holder);
        if (random_.OneIn(2)) std::this_thread::yield();
        user_->Unlock();
        return IsOpen(status);
      }
      default:
        user_->Reclaim();
        user_.Stats();
        user_.Discard(batch_);
        batch_ = nullptr;
        return true;
    }
  }

  // After that every call returns kClosed.
  void CheckClosed() {
    CHECK(user_->closed());
    CHECK(user_->Begin(true) == nullptr);
    int holder;
    CHECK(user_->Lock(seconds(60), &holder) == Status::kClosed);
    user_->Unlock();
    CHECK_EQ(user_->Reclaim(), 0u);
    if (batch_ == nullptr) return;
    // The batch stays open for its thread, but is of no use.
    CHECK(user_->IsOpen(batch_));
    CHECK(user_->BeginNested(batch_, true) == nullptr);
    CHECK(user_->StartCursor(batch_, KeyFilter({}), false) == nullptr);
    CHECK(user_->Has(batch_, DigestOf("key")) == Status::kClosed);
    CHECK(user_.TryPut(batch_, "key", "value") == Status::kClosed);
    CHECK(user_.TryDelete(batch_, "key") == Status::kClosed);
    CHECK(user_.TryCommit(batch_) == Status::kClosed);
    user_.Discard(batch_);
  }

 private:
  static bool IsOpen(Status status) {
    CHECK(status != Status::kNested && status != Status::kFull && status != Status::kMisuse);
    return status != Status::kClosed;
  }

  std::string Key() { return "key " + std::to_string(random_.Below(200)); }

  bool Walk() {
    Cursor* cursor = user_->StartCursor(batch_, KeyFilter({}), false);
    if (cursor == nullptr) return false;
    int32_t sizes[8];
    uint8_t bytes[4000];
    for (size_t i = random_.Below(10); i > 0; i--) {
      Cursor::Chunk chunk{sizes, bytes, 0};
      if (user_->Next(cursor, &chunk) == static_cast<int>(Status::kClosed)) return false;
    }
    user_->EndCursor(cursor);
    return true;
  }

  User user_;
  Random random_;
  Batch* batch_ = nullptr;
};

TEST("close: a store is closed while others read, write, iterate, commit and wait") {
  for (int round = 0; round < Rounds(200); round++) {
    const size_t before = MappedBytes();
    {
      const uint64_t seed = random.Next();
      const auto delay = std::chrono::microseconds(random.Below(2000));
      User owner;
      std::atomic<bool> closed{false};
      RunThreads(4, [&](int i) {
        if (i == 0) {
          std::this_thread::sleep_for(delay);
          owner->CloseStore();
          closed = true;
          owner->CloseStore();
          // The data are gone at once, not when the others notice.
          CHECK_EQ(owner->heap().used_bytes(), 0u);
          return;
        }
        auto session = Session::Attach(owner->store_id(), i);
        if (session == nullptr) return;  // too late
        Worker worker(std::move(session), Random(seed).Fork(static_cast<uint64_t>(i)));
        while (worker.Step()) {
        }
        // Closing may still be in progress.
        WaitUntil("the store closed", [&] { return closed.load(); });
        worker.CheckClosed();
      });
    }
    WaitUntil("all is given back", [&] { return MappedBytes() == before; });
  }
}

TEST("close: threads that wait for the transaction mutex are refused at once") {
  User owner;
  User waiting(owner, 1);
  User committing(owner, 2);
  int holder;
  CHECK(owner->Lock(seconds(0), &holder) == Status::kOk);
  Batch* batch = committing.Begin();
  committing.Put(batch, "key", "value");
  std::atomic<int> turned_away{0};
  std::thread first([&] {
    int other;
    CHECK(waiting->Lock(seconds(60), &other) == Status::kClosed);
    turned_away++;
  });
  std::thread second([&] {
    CHECK(committing.TryCommit(batch) == Status::kClosed);
    turned_away++;
  });
  std::this_thread::sleep_for(milliseconds(20));
  CHECK_EQ(turned_away.load(), 0);
  const auto start = Clock::now();
  owner->CloseStore();
  first.join();
  second.join();
  CHECK(Clock::now() - start < seconds(30));
  // The holder lost it too.
  CHECK(owner->Lock(seconds(60), &holder) == Status::kClosed);
}

// A thread stands in the middle of a call, as in a commit of very many entries. Only
// closing that store waits for it. Invariant 7.
TEST("close: a long call delays neither stats, nor a session that ends, nor another store") {
  if (!kCountsMemory) return Note("skipped: a call is stopped on Linux only");
  User owner;
  User leaving(owner, 2);
  std::atomic<bool> inside{false};
  std::atomic<bool> go_on{false};
  std::thread working([&] {
    User user(owner, 1);
    Batch* batch = user.Begin();
    AtNextAllocation([&] {
      inside = true;
      WaitUntil("the others are done", [&] { return go_on.load(); });
    });
    user.TryPut(batch, "key", "value");
    CHECK(user.TryPut(batch, "key", "value") == Status::kClosed);
  });
  WaitUntil("the call is under way", [&] { return inside.load(); });

  std::atomic<int> done{0};
  const auto use_others = [&] {
    const int before = done;
    std::thread([&] {
      owner.Stats();
      size_t sessions = 0;
      owner->ForEachUsage([&](const Session::Usage&) { sessions++; });
      CHECK(sessions >= 2);
      done++;
      CHECK(User().Now().empty());
      done++;
    }).detach();
    WaitUntil("stats, and another store", [&] { return done == before + 2; });
  };
  use_others();
  std::thread closing([&] { owner->CloseStore(); });
  WaitUntil("closing is under way", [&] { return owner->closed(); });
  use_others();
  std::thread([&] {
    leaving.Leave();
    done++;
  }).detach();
  WaitUntil("another session leaves", [&] { return done == 5; });
  use_others();
  go_on = true;
  working.join();
  closing.join();
}

TEST("close: threads come and go while the last ones leave, or the store is closed") {
  for (int round = 0; round < Rounds(300); round++) {
    const size_t before = MappedBytes();
    auto owner = Session::Create(UINT64_MAX, 0);
    const Store::Id id = owner->store_id();
    const bool closes = random.OneIn(2);
    const uint64_t seed = random.Next();
    RunThreads(4, [&](int i) {
      if (i == 0) {
        if (closes) owner->CloseStore();
        owner = nullptr;
        return;
      }
      Random own = Random(seed).Fork(static_cast<uint64_t>(i));
      for (int attempt = 0; attempt < 20; attempt++) {
        auto session = Session::Attach(id, i);
        if (session == nullptr) continue;
        Batch* batch = session->Begin(true);
        CHECK(batch != nullptr || session->closed());
        if (batch != nullptr && own.OneIn(2)) session->Put(batch, Digest{}, {}, {});
        int holder;
        if (own.OneIn(4)) session->Lock(milliseconds(0), &holder);
      }
    });
    // Nobody is left, so neither is the store.
    CHECK(Registry::Instance().Find(id) == nullptr);
    CHECK(Session::Attach(id, 1) == nullptr);
    CHECK_EQ(MappedBytes(), before);
  }
}

}  // namespace
}  // namespace memdb::test
