#include "core/read_set.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "check.h"
#include "memory.h"
#include "steps.h"
#include "user.h"

namespace memdb::test {
namespace {

Digest NumberedDigest(size_t i) {
  return {{i, 1, 2, 3}};
}

TEST("read_set: has every key once, also if many have one tag") {
  for (const Tag mask : {Tag{UINT32_MAX}, Tag{7}, Tag{0}}) {
    ReadSet reads;
    for (int round = 0; round < 2; round++) {
      std::vector<bool> known(500);
      size_t count = 0;
      for (int i = 0; i < 2'000; i++) {
        const size_t n = random.Below(known.size());
        reads.Add(NumberedDigest(n), static_cast<Tag>(n * 2654435761u) & mask);
        if (!known[n]) count++;
        known[n] = true;
        CHECK_EQ(reads.keys().size(), count);
      }
      CHECK(!reads.scanned());
      for (const ReadSet::Key& key : reads.keys()) CHECK(known[key.digest.words[0]]);
      reads.AddScan();
      reads.Reset();
      CHECK(reads.keys().empty() && !reads.scanned());
    }
  }
}

TEST("read_set: a key read takes less than 100 bytes") {
  constexpr size_t kKeys = 10'000;
  ReadSet reads;
  for (size_t i = 0; i < kKeys; i++) reads.Add(NumberedDigest(i), static_cast<Tag>(i));
  Note(std::to_string(reads.held_bytes() / kKeys) + " bytes a key");
  CHECK(reads.held_bytes() / kKeys < 100);
}

// Random programs of optimistic batches, against a plain record of which commit changed which key.
TEST("read_set: a commit conflicts exactly if what was read has changed") {
  std::vector<std::string> names = {"a", "b", "c", "d", "e"};
  const auto name_of = [&](const std::string& changed) {
    for (const std::string& name : names) {
      uint8_t digest[sizeof(Digest)];
      DigestOf(name).Store(digest);
      if (changed == std::string(digest, digest + sizeof digest)) return name;
    }
    return changed;
  };
  struct Open {
    Batch* batch;
    size_t began;
    std::map<std::string, bool> reads;
    std::map<std::string, bool> own;
    bool scanned = false;
  };
  for (int round = 0; round < 200; round++) {
    User user;
    User other(user, 1);
    std::map<std::string, bool> present;
    std::map<std::string, size_t> changed_at;
    size_t commits = 0;
    std::vector<Open> open;
    std::vector<Batch*> readers;
    const auto apply = [&](const std::map<std::string, bool>& writes) {
      if (writes.empty()) return;
      commits++;
      for (const auto& [name, put] : writes) {
        if (!put && !present[name]) continue;
        present[name] = put;
        changed_at[name] = commits;
      }
    };
    for (int step = 0; step < 100; step++) {
      const std::string name = random.Pick(names);
      switch (random.Below(8)) {
        case 0:
          open.push_back({user.BeginOptimistic(), commits, {}, {}});
          break;
        case 1:
          readers.push_back(other.Begin(false));
          break;
        case 2:
          if (!readers.empty()) {
            std::swap(readers[random.Below(readers.size())], readers.back());
            other.Discard(readers.back());
            readers.pop_back();
          }
          break;
        case 3:
          other.ReclaimAll();
          break;
        case 4: {
          Batch* batch = other.Begin();
          const bool put = random.Below(2) == 0;
          if (put) {
            other.Put(batch, name, "x");
          } else {
            other.Delete(batch, name);
          }
          other.Commit(batch);
          apply({{name, put}});
          break;
        }
        default: {
          if (open.empty()) break;
          const size_t place = random.Below(open.size());
          Open& one = open[place];
          switch (random.Below(8)) {
            case 0:
              user.All(one.batch);
              one.scanned = true;
              break;
            case 1:
              one.own[name] = random.Below(2) == 0;
              if (one.own[name]) {
                user.Put(one.batch, name, "own");
              } else {
                user.Delete(one.batch, name);
              }
              break;
            case 2:
            case 3: {
              bool conflict = one.scanned && commits != one.began;
              std::vector<std::string> expected;
              for (const auto& [key, read] : one.reads) {
                if (changed_at[key] > one.began) expected.push_back(key);
              }
              conflict = conflict || !expected.empty();
              const Status status = user.TryCommit(one.batch);
              CHECK(status == (conflict ? Status::kConflict : Status::kOk));
              if (conflict) {
                std::vector<std::string> found;
                for (const std::string& key : user.changed()) found.push_back(name_of(key));
                std::sort(found.begin(), found.end());
                CHECK(found == expected);
              } else {
                apply(one.own);
              }
              open.erase(open.begin() + static_cast<ptrdiff_t>(place));
              break;
            }
            default: {
              if (!one.own.contains(name)) one.reads[name] = true;
              user.Get(one.batch, name);
              break;
            }
          }
        }
      }
    }
    for (const Open& one : open) user.Discard(one.batch);
    for (Batch* reader : readers) other.Discard(reader);
    user.ReclaimAll();
    CHECK_EQ(user.Stats().superseded, size_t{0});
    CHECK_EQ(user.Stats().snapshots, size_t{0});
  }
}

TEST("read_set: if there was no other commit, nothing is compared") {
  User user;
  Batch* first = user.Begin();
  for (int i = 0; i < 500; i++) user.Put(first, std::to_string(i), "x");
  user.Commit(first);
  Batch* batch = user.BeginOptimistic();
  for (int i = 0; i < 1000; i++) user.Get(batch, std::to_string(i));
  user.Put(batch, "one", "more");
  CHECK(StepsOf([&] { user.Commit(batch); }) < 50);
}

TEST("read_set: holds what it has if memory for its table comes late") {
  if (!kCountsMemory) return;
  ReadSet reads;
  for (size_t i = 0; reads.keys().size() < 300; i++) {
    const size_t before = reads.keys().size();
    for (size_t number = 0; reads.keys().size() == before; number++) {
      const FailingAllocation fail(number);
      reads.Add(NumberedDigest(i), static_cast<Tag>(i));
    }
  }
  for (size_t i = 0; i < 600; i++) reads.Add(NumberedDigest(i), static_cast<Tag>(i));
  CHECK_EQ(reads.keys().size(), size_t{600});
  CHECK(reads.scanned());
}

TEST("read_set: without memory for a key, the batch counts as one that scanned") {
  if (!kCountsMemory) return;
  User user;
  Batch* batch = user.BeginOptimistic();
  bool failed = false;
  for (size_t i = 0; i < 200 && !failed; i++) {
    const FailingAllocation fail(0);
    size_t needed;
    user->Get(batch, DigestOf(std::to_string(i)), {}, &needed);
    failed = batch->reads->scanned();
  }
  CHECK(failed);
  Batch* other = user.Begin();
  user.Put(other, "unread", "x");
  user.Commit(other);
  CHECK(user.TryCommit(batch) == Status::kConflict);
}

}  // namespace
}  // namespace memdb::test
