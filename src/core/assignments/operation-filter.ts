import { type KindName } from '../../measurement/kinds/index.js';
import { type ObjectId, parseId } from '../../platform/database/object-id.js';
import { mayBe, type OperationState, textCondition } from './operation-search.js';
import { type Visibility } from './operation.schema.js';

/** Which operations a listing shows. */
export interface OperationFilter {
  /** operations of this owner */
  owner?: ObjectId | undefined;
  /** all public ones, and this reader's private ones; absent: all */
  visibleTo?: ObjectId | undefined;
  kind?: KindName | undefined;
  visibility?: Visibility | undefined;
  ids?: readonly ObjectId[] | undefined;
  /** any of them */
  numbers?: readonly number[] | undefined;
  /** each of them */
  tags?: readonly string[] | undefined;
  /** a part of the description, in either case */
  search?: string | undefined;
  /** a part of the description or of a destination, in either case; or the id, the number or a tag of it */
  text?: string | undefined;
  /** `now`: by which time; findStanding() alone takes it, and only leaves out what cannot be in that state */
  state?: { is: OperationState; now: Date } | undefined;
  /** true: not those whose results came in a file */
  measuredHere?: true | undefined;
}

/** As a condition of MongoDB. */
export function conditionsOf({ text, state, ...others }: OperationFilter): object {
  const itself = ofItself(others);
  const further = [
    ...(text === undefined ? [] : [known(text)]),
    ...(state ? [mayBe(state.is, state.now)] : []),
  ];
  return further.length === 0 ? itself : { $and: [itself, ...further] };
}

/** By what people write to name an operation. */
function known(text: string): object {
  const id = parseId(text);
  return {
    $or: [
      textCondition(text),
      { tags: text },
      ...(id ? [{ _id: id }] : []),
      ...(/^\d{1,10}$/.test(text) ? [{ number: Number(text) }] : []),
    ],
  };
}

function ofItself({
  owner,
  visibleTo,
  kind,
  visibility,
  ids,
  measuredHere,
  numbers,
  tags,
  search,
}: OperationFilter) {
  return {
    ...(measuredHere && { imported: { $exists: false } }),
    ...(ids && { _id: { $in: [...ids] } }),
    ...(owner && { owner }),
    ...(visibleTo && { $or: [{ visibility: 'public' as const }, { owner: visibleTo }] }),
    ...(kind !== undefined && { kind }),
    ...(visibility && { visibility }),
    ...(numbers && { number: { $in: [...numbers] } }),
    ...(tags && tags.length > 0 && { tags: { $all: [...tags] } }),
    ...(search !== undefined && { description: { $regex: literal(search), $options: 'i' } }),
  };
}

/** @returns a pattern that matches this text alone */
function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
