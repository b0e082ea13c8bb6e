// Invariant 5: an operation that fails for lack of memory changes nothing.

#include "memory.h"

#include <functional>
#include <string>
#include <tuple>
#include <vector>

#include "check.h"
#include "core/value_position.h"
#include "threads.h"
#include "user.h"

namespace memdb::test {
namespace {

std::string Key(size_t i) {
  return "key " + std::to_string(i);
}

// Everything that can be asked of a store.
auto StateOf(User& user) {
  const Store::Stats stats = user.Stats();
  size_t batches = 0;
  user->ForEachUsage([&](const Session::Usage& usage) { batches += usage.batches; });
  return std::tuple(user.Now(), stats.entries, stats.bytes, stats.snapshots, stats.superseded,
                    stats.commits, batches);
}

// Tries something with its first allocation failing, then its second, and so on,
// until it comes to its end. `attempt` returns whether it succeeded; `unchanged`
// is called after each failure. How often it failed.
[[nodiscard]] size_t FailEachAllocation(const std::function<bool()>& attempt,
                                        const std::function<void()>& unchanged) {
  for (size_t number = 0;; number++) {
    bool succeeded;
    bool failed;
    {
      const FailingAllocation failing(number);
      succeeded = attempt();
      failed = failing.failed();
    }
    CHECK_EQ(succeeded, !failed);
    if (!failed) return number;
    unchanged();
  }
}

// Of an operation on a store: its state is compared.
[[nodiscard]] size_t FailEachAllocation(User& user, const std::function<bool()>& attempt) {
  const auto before = StateOf(user);
  return FailEachAllocation(attempt, [&] { CHECK(StateOf(user) == before); });
}

TEST("memory: creating and attaching") {
  if (!kCountsMemory) return Note("skipped: allocations fail on Linux only");
  const size_t before = MappedBytes();
  std::unique_ptr<Session> created;
  size_t failures =
      FailEachAllocation([&] { return (created = Session::Create(UINT64_MAX, 1)) != nullptr; },
                         [&] { CHECK_EQ(MappedBytes(), before); });
  CHECK(failures > 0);
  User user(std::move(created));
  const auto sessions = [&] {
    size_t count = 0;
    user->ForEachUsage([&](const Session::Usage&) { count++; });
    return count;
  };
  // Leaving it again and again, so that room for a session is not there yet.
  std::vector<std::unique_ptr<Session>> attached;
  for (size_t i = 1; i <= 20; i++) {
    failures = FailEachAllocation(
        [&] {
          auto session = Session::Attach(user->store_id(), 2);
          if (session == nullptr) return false;
          const FailingAllocation none(SIZE_MAX);
          attached.push_back(std::move(session));
          return true;
        },
        [&] { CHECK_EQ(sessions(), i); });
    CHECK(failures > 0);
    CHECK_EQ(sessions(), i + 1);
  }
  attached.clear();
  user.Leave();
  CHECK_EQ(MappedBytes(), before);
}

TEST("memory: beginning") {
  if (!kCountsMemory) return;
  User user;
  size_t failures = 0;
  size_t nested_failures = 0;
  for (size_t i = 0; i < 40; i++) {
    const auto open = [&](size_t batches, size_t snapshots) {
      user->ForEachUsage([&](const Session::Usage& usage) {
        CHECK_EQ(usage.batches, batches);
        CHECK_EQ(usage.snapshots, snapshots);
      });
      CHECK_EQ(user.Stats().snapshots, snapshots);
    };
    Batch* batch = nullptr;
    failures += FailEachAllocation([&] { return (batch = user->Begin(true)) != nullptr; },
                                   [&] { open(2 * i, i); });
    nested_failures += FailEachAllocation([&] { return user->BeginNested(batch, true) != nullptr; },
                                          [&] { open(2 * i + 1, i + 1); });
    // The next one pins another version.
    Batch* writing = user.Begin();
    user.Put(writing, "key", Key(i));
    user.Commit(writing);
    CHECK(user.Get(batch, "key") == (i == 0 ? std::nullopt : std::optional(Key(i - 1))));
  }
  CHECK(failures > 0);
  CHECK(nested_failures > 0);
}

TEST("memory: writing to a batch") {
  if (!kCountsMemory) return;
  for (const size_t size : {5, 3000, 20'000, 200'000}) {
    User user;
    Batch* batch = user.Begin();
    Pairs pairs;
    size_t failures = 0;
    for (size_t i = 0; i < (size > 100'000 ? 10u : 100u); i++) {
      const bool deletes = i % 5 == 4;
      const std::string key = Key(deletes ? i - 1 : i);
      const std::string value(size, static_cast<char>('a' + i % 26));
      failures += FailEachAllocation(
          [&] {
            const Status status =
                deletes ? user.TryDelete(batch, key) : user.TryPut(batch, key, value);
            CHECK(status == Status::kOk || status == Status::kFull);
            return status == Status::kOk;
          },
          [&] { CHECK(user.All(batch) == pairs); });
      if (deletes) {
        pairs.erase(key);
      } else {
        pairs[key] = value;
      }
      CHECK(user.All(batch) == pairs);
    }
    CHECK(failures > 3);
    user.Discard(batch);
    CHECK_EQ(user->heap().used_bytes(), 0u);
  }
}

// Writes; some of them replace or delete keys.
void WriteAll(User& user, Batch* batch, size_t count, const std::string& value) {
  for (size_t i = 0; i < count; i++) {
    if (i % 7 == 3) {
      user.Delete(batch, Key(i));
    } else {
      user.Put(batch, Key(i), value);
    }
  }
}

TEST("memory: committing to the store") {
  if (!kCountsMemory) return;
  User user;
  for (const size_t count : {10, 300, 3000}) {
    Batch* reading = user.Begin(false);
    Batch* batch = user.Begin();
    WriteAll(user, batch, count, "value " + std::to_string(count));
    user.BeginNested(batch);
    const Pairs pending = user.All(batch);
    const Pairs seen = user.All(reading);
    const size_t failures =
        FailEachAllocation(user, [&] { return user.TryCommit(batch) == Status::kOk; });
    CHECK(failures > 0);
    CHECK(user.Now() == pending);
    CHECK(user.All(reading) == seen);
    user.Discard(reading);
  }
}

TEST("memory: a failed commit keeps what is pending, and others can commit meanwhile") {
  if (!kCountsMemory) return;
  User user;
  Batch* batch = user.Begin();
  WriteAll(user, batch, 1000, "mine");
  const Pairs pending = user.All(batch);
  for (size_t number = 0; number < 5; number++) {
    {
      const FailingAllocation failing(number);
      CHECK(user.TryCommit(batch) == Status::kFull);
      CHECK(failing.failed());
    }
    CHECK(user.All(batch) == pending);
    Batch* other = user.Begin();
    WriteAll(user, other, 20, "other " + std::to_string(number));
    user.Commit(other);
    CHECK(user.All(batch) == pending);
  }
  user.Commit(batch);
  CHECK(user.Now() == pending);
}

TEST("memory: commits that failed take no room from those after them") {
  if (!kCountsMemory) return;
  const auto held_after_commit = [](bool failing_first) {
    User user;
    Batch* batch = user.Begin();
    WriteAll(user, batch, 2000, "value");
    if (failing_first) {
      CHECK(FailEachAllocation([&] { return user.TryCommit(batch) == Status::kOk; }, [] {}) > 10);
    } else {
      user.Commit(batch);
    }
    return user.Stats().held_bytes;
  };
  // Not the same: the shares of the shards differ from store to store.
  CHECK(held_after_commit(true) < held_after_commit(false) * 5 / 4);
}

TEST("memory: committing to a parent") {
  if (!kCountsMemory) return;
  User user;
  Batch* parent = user.Begin();
  WriteAll(user, parent, 5, "parent");
  Batch* batch = user.BeginNested(parent);
  WriteAll(user, batch, 500, "nested");
  const Pairs of_parent = user.All(parent);
  const Pairs of_batch = user.All(batch);
  const auto before = StateOf(user);
  const size_t failures = FailEachAllocation([&] { return user.TryCommit(batch) == Status::kOk; },
                                             [&] {
                                               CHECK(StateOf(user) == before);
                                               CHECK(user.All(parent) == of_parent);
                                               CHECK(user.All(batch) == of_batch);
                                             });
  CHECK(failures > 0);
  CHECK(user.All(parent) == of_batch);

  // One that wrote nothing needs nothing.
  Batch* outer = user.Begin(false);
  Batch* empty = user.BeginNested(outer, false);
  const FailingAllocation failing(0);
  user.Commit(empty);
  user.Commit(outer);
  CHECK(!failing.failed());
}

TEST("memory: reading many, and iterating") {
  if (!kCountsMemory) return;
  User user;
  Batch* batch = user.Begin();
  WriteAll(user, batch, 300, "committed");
  user.Commit(batch);
  batch = user.Begin();
  WriteAll(user, batch, 20, "pending");
  const Pairs expected = user.All(batch);

  const std::vector<Digest> digests = {DigestOf(Key(1)), DigestOf(Key(3)), DigestOf(Key(50))};
  int32_t sizes[3];
  std::vector<uint8_t> target(100);
  size_t failures = FailEachAllocation(user, [&] {
    size_t needed;
    const int bytes = user->GetMany(batch, digests, sizes, target, &needed);
    CHECK(bytes == 17 || bytes == static_cast<int>(Status::kFull));
    return bytes == 17;
  });
  CHECK(failures > 0);

  Cursor* cursor = nullptr;
  failures = FailEachAllocation(
      user, [&] { return (cursor = user->StartCursor(batch, KeyFilter({}), false)) != nullptr; });
  CHECK(failures > 0);
  // Every step of the iteration, a few times failing.
  Pairs shown;
  std::vector<int32_t> room(2);
  std::vector<uint8_t> bytes(100);
  failures = 0;
  for (int count = 1; count != 0;) {
    Cursor::Chunk chunk{room, bytes, 0};
    {
      const FailingAllocation failing(0);
      count = user->Next(cursor, &chunk);
      // It fails only when there is nothing to show yet.
      CHECK(count != static_cast<int>(Status::kFull) || failing.failed());
    }
    if (count == static_cast<int>(Status::kFull)) {
      failures++;
      count = user->Next(cursor, &chunk);
    }
    if (count > 0) {
      const auto key_size = static_cast<size_t>(room[0]);
      const uint8_t* const value = bytes.data() + ValuePosition(key_size);
      CHECK(shown
                .emplace(std::string(bytes.data(), bytes.data() + key_size),
                         std::string(value, value + room[1]))
                .second);
    }
  }
  CHECK(failures > 0);
  CHECK(shown == expected);
}

TEST("memory: reading the usage needs none") {
  if (!kCountsMemory) return;
  User user;
  Batch* batch = user.Begin();
  user->StartCursor(batch, KeyFilter({}), false);
  const FailingAllocation failing(0);
  user->ForEachUsage([](const Session::Usage& usage) { CHECK_EQ(usage.batches, 1u); });
  CHECK(!failing.failed());
}

TEST("memory: when every session has left, none is held") {
  if (!kCountsMemory) return;
  const size_t before = MappedBytes();
  for (int round = 0; round < 5; round++) {
    User user;
    User other(user, 1);
    Batch* batch = user.Begin();
    WriteAll(user, batch, 5000, std::string(random.Below(3000), 'x'));
    user.Commit(batch);
    batch = other.Begin();
    WriteAll(other, batch, 500, "pending");
    other->StartCursor(batch, KeyFilter({}), false);
    CHECK(MappedBytes() > before);
  }
  WaitUntil("all is given back", [&] { return MappedBytes() == before; });
}

}  // namespace
}  // namespace memdb::test
