import {
  BatchClosedError,
  DatabaseClosedError,
  DatabaseFullError,
  InvalidHandleError,
  NestedUpdateError,
} from '../errors.js';
import { Status } from './engine.js';

/** The error for a status below 0, if nothing but the status is known. */
export function failure(status: number): Error {
  switch (status) {
    case Status.Closed:
      return new DatabaseClosedError();
    case Status.Full:
      return new DatabaseFullError('the database has no room for it; nothing was changed');
    case Status.Nested:
      return new NestedUpdateError();
    case Status.InvalidHandle:
      return new InvalidHandleError('not the handle of a database of this process');
    case Status.Misuse:
      // The batch was ended by a call that was cut short before it could note that.
      return new BatchClosedError();
    default:
      return new Error(`the engine returned ${status}, which it must not`);
  }
}
