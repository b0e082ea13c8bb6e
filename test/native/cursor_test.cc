#include "core/cursor.h"

#include <string>
#include <utility>
#include <vector>

#include "check.h"
#include "threads.h"
#include "user.h"

namespace memdb::test {
namespace {

TEST("cursor: a chunk is filled as far as it goes, and no byte further") {
  User user;
  Batch* batch = user.Begin();
  user.Put(batch, "committed", std::string(100, 'c'));
  user.Commit(batch);
  batch = user.Begin();
  user.Put(batch, "pending", std::string(200, 'p'));
  Cursor* cursor = user->StartCursor(batch, KeyFilter({}), false);

  int32_t sizes[8];
  uint8_t bytes[512];
  const auto next = [&](size_t size_count, size_t byte_count) {
    Cursor::Chunk chunk{std::span(sizes, size_count), std::span(bytes, byte_count), 0};
    const int answer = user->Next(cursor, &chunk);
    return answer == static_cast<int>(Status::kNoRoom) ? -static_cast<int>(chunk.needed) : answer;
  };
  // What is pending comes first.
  CHECK_EQ(next(8, 0), -208);
  CHECK_EQ(next(8, 207), -208);
  CHECK_EQ(next(1, 512), -208);
  CHECK_EQ(next(2, 512), 1);
  CHECK_EQ(sizes[0], 7);
  CHECK_EQ(sizes[1], 200);
  CHECK_EQ(std::string(bytes, bytes + 7), "pending");
  CHECK_EQ(bytes[8], 'p');
  CHECK_EQ(next(8, 115), -116);
  CHECK_EQ(next(8, 116), 1);
  CHECK_EQ(next(8, 512), 0);
  CHECK_EQ(next(8, 512), 0);
  user->EndCursor(cursor);

  cursor = user->StartCursor(batch, KeyFilter({}), false);
  CHECK_EQ(next(8, 512), 2);
  CHECK_EQ(next(8, 512), 0);
}

// A session may have very many open: ending one must not search for it.
TEST("cursor: iterations end in any order, and the others go on") {
  User user;
  Batch* batch = user.Begin();
  user.Put(batch, "key", "value");
  std::vector<Cursor*> cursors;
  for (int i = 0; i < Rounds(100'000); i++)
    cursors.push_back(user->StartCursor(batch, KeyFilter({}), false));
  while (!cursors.empty()) {
    std::swap(random.Pick(cursors), cursors.back());
    if (random.OneIn(100)) {
      Pairs pairs;
      CHECK(user.Next(cursors.front(), 1, 100, &pairs));
      CHECK_EQ(pairs.at("key"), "value");
      user->EndCursor(cursors.front());
      cursors.front() = cursors.back();
    } else {
      user->EndCursor(cursors.back());
    }
    cursors.pop_back();
  }
  user->ForEachUsage([](const Session::Usage& usage) { CHECK_EQ(usage.snapshots, 1u); });
  user.Discard(batch);
  CHECK_EQ(user.Stats().snapshots, 0u);
}

TEST("cursor: pending digests that a caller chose to meet do not slow it down") {
  constexpr uint64_t kCount = 50'000;
  User user;
  const auto time = [&](auto&& digest_of) {
    Batch* batch = user.Begin();
    for (uint64_t i = 0; i < kCount; i++) {
      CHECK(user->Put(batch, digest_of(i), {}, {}) == Status::kOk);
    }
    const auto start = Clock::now();
    Cursor* cursor = user->StartCursor(batch, KeyFilter({}), false);
    user->EndCursor(cursor);
    user.Discard(batch);
    return Clock::now() - start;
  };
  const auto plain = time([&](uint64_t) {
    return Digest{{random.Next(), random.Next(), random.Next(), random.Next()}};
  });
  const auto chosen = time([](uint64_t i) { return Digest{{i, 0, 0, i}}; });
  Note("random digests " + Milliseconds(plain) + ", chosen ones " + Milliseconds(chosen));
  CHECK(chosen < 20 * plain + milliseconds(100));
}

}  // namespace
}  // namespace memdb::test
