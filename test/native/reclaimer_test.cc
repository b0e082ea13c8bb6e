// Invariant 4, if the threads that use the store do nothing.

#include "core/reclaimer.h"

#include <string>

#include "check.h"
#include "memory.h"
#include "threads.h"
#include "user.h"

namespace memdb::test {
namespace {

void WriteAll(User& user, int count, std::string_view value) {
  Batch* batch = user.Begin();
  for (int i = 0; i < count; i++) user.Put(batch, "key " + std::to_string(i), value);
  user.Commit(batch);
}

void ExpectFreed(User& user) {
  WaitUntil("superseded entries are freed", [&] { return user.Stats().superseded == 0; });
}

void ExpectIdle() {
  WaitUntil("the thread ends", [] { return !Reclaimer::Instance().running(); });
}

TEST("reclaimer: frees what a thread let go of that makes no call any more; then its thread ends") {
  User user;
  WriteAll(user, 5000, "first");
  for (int round = 0; round < 3; round++) {
    // Alternately a thread that is alive but sleeps, and one that has ended.
    User other(user, 1);
    Batch* batch = other.Begin(false);
    WriteAll(user, 5000, "round " + std::to_string(round));
    CHECK_EQ(user.Stats().superseded, 5000u);
    RunThreads(1, [&](int) { other.Discard(batch); });
    ExpectFreed(user);
    ExpectIdle();
  }
  CHECK(user.Now().at("key 7") == "round 2");
}

TEST("reclaimer: the same after a commit, and after an iteration") {
  User user;
  WriteAll(user, 5000, "first");
  for (const bool iterates : {false, true}) {
    Batch* batch = user.Begin();
    Cursor* cursor = iterates ? user->StartCursor(batch, KeyFilter({}), false) : nullptr;
    if (iterates) user.Discard(batch);
    User other(user, 1);
    WriteAll(other, 5000, "second");
    CHECK_EQ(user.Stats().superseded, 5000u);
    if (iterates) {
      user->EndCursor(cursor);
    } else {
      user.Put(batch, "one", "more");
      user.Commit(batch);
    }
    ExpectFreed(user);
  }
  ExpectIdle();
}

TEST(
    "reclaimer: the same after a commit that conflicts, and after one of an optimistic batch "
    "without writes") {
  User user;
  WriteAll(user, 5000, "first");
  for (const bool conflicts : {false, true}) {
    Batch* batch = user.BeginOptimistic();
    if (conflicts) user.Get(batch, "key 7");
    User other(user, 1);
    WriteAll(other, 5000, "second");
    CHECK_EQ(user.Stats().superseded, 5000u);
    CHECK(user.TryCommit(batch) == (conflicts ? Status::kConflict : Status::kOk));
    ExpectFreed(user);
    ExpectIdle();
  }
}

TEST("reclaimer: frees nothing that an open batch sees") {
  User user;
  WriteAll(user, 3000, "first");
  Batch* oldest = user.Begin(false);
  WriteAll(user, 3000, "second");
  Batch* newer = user.Begin(false);
  WriteAll(user, 3000, "third");
  user.Discard(newer);
  WaitUntil("the second versions are freed", [&] { return user.Stats().superseded == 3000; });
  ExpectIdle();
  CHECK_EQ(user.Stats().superseded, 3000u);
  for (const auto& [key, value] : user.All(oldest)) CHECK(value == "first");
  user.Discard(oldest);
  ExpectFreed(user);
}

TEST("reclaimer: stores are closed, and threads leave, while it works on them") {
  for (int round = 0; round < Rounds(60); round++) {
    User user;
    User other(user, 1);
    WriteAll(user, 2000, "first");
    Batch* batch = other.Begin(false);
    WriteAll(user, 2000, "second");
    other.Discard(batch);
    std::this_thread::sleep_for(std::chrono::microseconds(random.Below(15'000)));
    if (round % 3 == 0) user->CloseStore();
    if (round % 3 == 1) other.Leave();
  }
  ExpectIdle();
}

TEST("reclaimer: works beside threads that commit and read") {
  User owner;
  WriteAll(owner, 500, "first");
  RunThreads(3, [&](int i) {
    User user(owner, i + 1);
    for (int round = 0; round < Rounds(200); round++) {
      Batch* batch = user.Begin(false);
      if (i < 2) WriteAll(user, 500, "round " + std::to_string(round));
      CHECK_EQ(user.All(batch).size(), 500u);
      user.Discard(batch);
    }
  });
  ExpectFreed(owner);
  ExpectIdle();
}

TEST("reclaimer: stopping ends its thread; a later request starts it again") {
  User user;
  WriteAll(user, 5000, "first");
  for (int round = 0; round < 3; round++) {
    Batch* batch = user.Begin(false);
    WriteAll(user, 5000, "again");
    user.Discard(batch);
    CHECK(Reclaimer::Instance().running());
    Reclaimer::Instance().Stop();
    CHECK(!Reclaimer::Instance().running());
  }
  user.Discard(user.Begin(false));
  ExpectFreed(user);
}

TEST(
    "reclaimer: ending a batch succeeds if no thread can be started, and the next one tries "
    "again") {
  if (!kCountsMemory) return Note("skipped: allocations fail on Linux only");
  User user;
  WriteAll(user, 5000, "first");
  ExpectIdle();
  for (size_t number = 0;; number++) {
    Batch* batch = user.Begin(false);
    WriteAll(user, 5000, "again");
    Reclaimer::Instance().Stop();
    bool failed;
    {
      const FailingAllocation failing(number);
      user.Discard(batch);
      failed = failing.failed();
    }
    CHECK_EQ(Reclaimer::Instance().running(), !failed);
    if (!failed) break;
    user.Discard(user.Begin(false));
    ExpectFreed(user);
    CHECK(number < 10);
  }
  ExpectFreed(user);
}

}  // namespace
}  // namespace memdb::test
