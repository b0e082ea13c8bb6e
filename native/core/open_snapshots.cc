#include "open_snapshots.h"

namespace memdb {

namespace {

bool SameVersion(const OpenSnapshot* a, const OpenSnapshot* b) {
  return a != nullptr && b != nullptr && a->pin == b->pin;
}

}  // namespace

void OpenSnapshots::AddBeside(OpenSnapshot* snapshot, OpenSnapshot* other) {
  snapshot->pin = other->pin;
  snapshot->since = other->since;
  Insert(snapshot, other);
}

void OpenSnapshots::Insert(OpenSnapshot* snapshot, OpenSnapshot* older) {
  OpenSnapshot* const newer = older == nullptr ? oldest_ : older->newer;
  snapshot->older = older;
  snapshot->newer = newer;
  (older == nullptr ? oldest_ : older->newer) = snapshot;
  (newer == nullptr ? newest_ : newer->older) = snapshot;
  if (!SameVersion(older, snapshot) && !SameVersion(snapshot, newer)) SetVersions(versions() + 1);
  if (older == nullptr) SetSince(snapshot->since);
}

void OpenSnapshots::Remove(OpenSnapshot* snapshot) {
  OpenSnapshot* const older = snapshot->older;
  OpenSnapshot* const newer = snapshot->newer;
  (older == nullptr ? oldest_ : older->newer) = newer;
  (newer == nullptr ? newest_ : newer->older) = older;
  if (!SameVersion(older, snapshot) && !SameVersion(snapshot, newer)) SetVersions(versions() - 1);
  if (older == nullptr) SetSince(newer == nullptr ? Clock::time_point::max() : newer->since);
}

void OpenSnapshots::Clear() {
  oldest_ = nullptr;
  newest_ = nullptr;
  SetVersions(0);
  SetSince(Clock::time_point::max());
}

}  // namespace memdb
