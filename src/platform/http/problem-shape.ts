import { type RequestHandler, type Response } from 'express';
import { type Problem } from './problem.js';

/** How a door words a problem whose callers know no problem details. */
export type ProblemShape = (problem: Problem) => object;

const SHAPE = 'problemShape';

/** From here on problems of a request are worded so, whatever finds them. */
export function shapeProblems(shape: ProblemShape): RequestHandler {
  return (_request, response, next) => {
    response.locals[SHAPE] = shape;
    next();
  };
}

export function shapeOf(response: Response): ProblemShape | undefined {
  return response.locals[SHAPE] as ProblemShape | undefined;
}
