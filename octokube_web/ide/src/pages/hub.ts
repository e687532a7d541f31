/** Asks the hub about itself, through the gateway and with the caller's own session. */
import { create, fromJson, toJson, type DescMessage, type JsonValue, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { useCallback, useEffect, useRef, useState } from "react";
import { Refused } from "../session";

/** One method of the contract's services, as generated. */
export interface Method<I extends DescMessage, O extends DescMessage> {
  readonly name: string;
  readonly input: I;
  readonly output: O;
  readonly parent: { readonly name: string };
}

/** One question and its answer. Raises Refused with a sentence for the person. */
export async function ask<I extends DescMessage, O extends DescMessage>(
  method: Method<I, O>,
  question: MessageInitShape<I>,
): Promise<MessageShape<O>> {
  let response: Response;
  try {
    response = await fetch(`/api/v1/hub/${method.parent.name}/${method.name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(toJson(method.input, create(method.input, question))),
    });
  } catch {
    throw new Refused(0, "The gateway can't be reached. Check the network and try again.");
  }
  const document = (await response.json().catch(() => undefined)) as JsonValue | undefined;
  if (response.ok && document !== undefined) return fromJson(method.output, document, { ignoreUnknownFields: true });
  const error = (document as { error?: { message?: string } } | undefined)?.error;
  throw new Refused(response.status, error?.message ?? `The gateway answered ${response.status}.`);
}

export type Answer<T> =
  | { readonly is: "asking" }
  | { readonly is: "refused"; readonly status: number; readonly reason: string }
  | { readonly is: "there"; readonly value: T };

/** What a question was answered with, asked again by `again`; what is there stays until the new answer comes. */
export function useAnswer<T>(question: () => Promise<T>, reasons: readonly unknown[]): { answer: Answer<T>; again: () => void } {
  const [answer, setAnswer] = useState<Answer<T>>({ is: "asking" });
  const [turn, setTurn] = useState(0);
  const newest = useRef(0);
  useEffect(() => {
    const own = ++newest.current;
    question().then(
      (value) => own === newest.current && setAnswer({ is: "there", value }),
      (error: unknown) => own === newest.current && setAnswer(refusalOf(error)),
    );
    return () => {
      newest.current += 1;
    };
    // The question is made anew with each rendering; what it is about is in `reasons`.
  }, [...reasons, turn]);
  const again = useCallback(() => setTurn((last) => last + 1), []);
  return { answer, again };
}

export function refusalOf(error: unknown): { is: "refused"; status: number; reason: string } {
  if (error instanceof Refused) return { is: "refused", status: error.status, reason: error.message };
  return { is: "refused", status: 0, reason: String(error) };
}
