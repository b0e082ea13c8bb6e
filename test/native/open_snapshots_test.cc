#include "core/open_snapshots.h"

#include <algorithm>
#include <memory>
#include <set>
#include <vector>

#include "check.h"

namespace memdb::test {
namespace {

TEST("open_snapshots: the numbers are those of a plain list, whatever comes and goes") {
  for (int program = 0; program < Rounds(100); program++) {
    OpenSnapshots snapshots;
    // One pin for each version, in order.
    std::vector<std::unique_ptr<Pin>> pins;
    std::vector<std::unique_ptr<OpenSnapshot>> open;
    Clock::time_point now{};
    for (int step = 0; step < 300; step++) {
      now += std::chrono::milliseconds(random.Below(2));
      auto snapshot = std::make_unique<OpenSnapshot>();
      switch (random.Below(4)) {
        case 0:
          if (pins.empty() || random.OneIn(2)) pins.push_back(std::make_unique<Pin>());
          snapshot->pin = pins.back().get();
          snapshot->since = now;
          snapshots.Add(snapshot.get());
          open.push_back(std::move(snapshot));
          break;
        case 1:
          if (open.empty()) break;
          snapshots.AddBeside(snapshot.get(), random.Pick(open).get());
          open.push_back(std::move(snapshot));
          break;
        default:
          if (open.empty()) break;
          std::swap(random.Pick(open), open.back());
          snapshots.Remove(open.back().get());
          open.pop_back();
      }
      std::set<Pin*> versions;
      auto oldest = Clock::time_point::max();
      for (const auto& one : open) {
        versions.insert(one->pin);
        oldest = std::min(oldest, one->since);
      }
      CHECK_EQ(snapshots.versions(), versions.size());
      CHECK(snapshots.oldest() == oldest);
    }
  }
}

}  // namespace
}  // namespace memdb::test
