"use client";

import { useState, type SyntheticEvent } from "react";
import { ApiError } from "@/lib/api/request";
import { moment } from "@/lib/format/time";
import { bodyOf, changed, draftOf, SEVERITIES, type Draft } from "@/lib/outcomes/assume";
import { assumptionsKept, setAssumptions, useFresh } from "@/lib/outcomes/data";
import type { Price } from "@/lib/outcomes/price";
import type { Assumptions } from "@/lib/outcomes/types";
import { Fold } from "../kit/Fold";
import { Bars, Failed } from "../kit/Notice";
import { Part } from "./Part";
import css from "./outcomes.module.css";

interface AssumptionsProps {
  /** Tried on the sliders, to be put into the form. */
  price: Price | null;
  /** Called after a change, as figures follow from it. */
  saved: () => void;
}

/** What only the customer can know, who said it, and a form to say something else. */
export function AssumptionsPart({ price, saved }: AssumptionsProps) {
  const { value, error } = useFresh(assumptionsKept);
  const current = value?.items[0];
  if (value === null || current === undefined) {
    return (
      <Part title="Assumptions">
        {error === null ? <Bars lines={4} /> : <Failed words={error} retry={() => void assumptionsKept.load()} />}
      </Part>
    );
  }
  return (
    <Part title="Assumptions">
      <p className="dim num">{current.version === 0 ? "Nothing is given yet, and nothing is made up." : `Version ${current.version}, by ${current.set_by}`}</p>
      <Form key={`${current.version} ${price === null ? "" : `${price.low} ${price.high}`}`} current={current} price={price} saved={saved} />
      {current.version === 0 ? null : <History versions={value.items} />}
    </Part>
  );
}

interface InputProps {
  label: string;
  value: string;
  onChange: (text: string) => void;
  unit?: string;
}

function Input({ label, value, onChange, unit }: InputProps) {
  return (
    <label className={css.input}>
      <span className="label">
        {label}
        {unit === undefined ? "" : ` (${unit})`}
      </span>
      <input className="field num" inputMode="decimal" autoComplete="off" value={value} placeholder="not given" onChange={(event) => onChange(event.target.value)} />
    </label>
  );
}

const CONFLICT = "Somebody else changed the assumptions meanwhile; theirs are shown now. Look at them and say yours again.";

function useSaving(saved: () => void) {
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  const save = async (draft: Draft, current: Assumptions) => {
    const body = bodyOf(draft, current);
    if (typeof body === "string") {
      setWrong(body);
      return;
    }
    setBusy(true);
    setWrong(null);
    try {
      await setAssumptions(body);
      saved();
      await assumptionsKept.load();
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) await assumptionsKept.load();
      const words = error instanceof Error ? error.message : String(error);
      setWrong(error instanceof ApiError && error.status === 409 ? CONFLICT : words);
    } finally {
      setBusy(false);
    }
  };
  return { busy, wrong, save };
}

function Form({ current, price, saved }: { current: Assumptions; price: Price | null; saved: () => void }) {
  const [draft, setDraft] = useState<Draft>(() => {
    const known = draftOf(current);
    return price === null ? known : { ...known, low: String(price.low), high: String(price.high) };
  });
  const { busy, wrong, save } = useSaving(saved);
  const set = (part: Partial<Draft>) => setDraft((old) => ({ ...old, ...part }));
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    void save(draft, current);
  };
  return (
    <form className={css.form} onSubmit={submit}>
      <Input label="A minute costs hardly ever less than" unit="5th percentile" value={draft.low} onChange={(low) => set({ low })} />
      <Input label="and hardly ever more than" unit="95th percentile" value={draft.high} onChange={(high) => set({ high })} />
      <Input label="Running Quell, a month" unit="without models and services" value={draft.running} onChange={(running) => set({ running })} />
      <Input label="Currency" value={draft.currency} onChange={(currency) => set({ currency: currency.toUpperCase() })} />
      <fieldset className={css.targets}>
        <legend className="label">Target to restore, minutes</legend>
        {SEVERITIES.map((severity) => (
          <Input
            key={severity}
            label={severity}
            value={draft.targets[severity]}
            onChange={(minutes) => set({ targets: { ...draft.targets, [severity]: minutes } })}
          />
        ))}
      </fieldset>
      <Input label="A clean run costs at most" unit="USD of models and services" value={draft.cap} onChange={(cap) => set({ cap })} />
      <label className={css.input}>
        <span className="label">Why</span>
        <input className="field" autoComplete="off" value={draft.reason} onChange={(event) => set({ reason: event.target.value })} maxLength={500} />
      </label>
      {wrong === null ? null : <Failed words={wrong} />}
      <p className="row">
        <button type="submit" className="button primary" disabled={busy}>
          {busy ? "Saving" : "Save"}
        </button>
        <span className="muted">Kept as version {current.version + 1}; earlier ones stay.</span>
      </p>
    </form>
  );
}

function History({ versions }: { versions: readonly Assumptions[] }) {
  return (
    <Fold summary="Who changed what">
      <ol className={css.history}>
        {versions.map((one, index) =>
          one.version === 0 ? null : (
            <li key={one.version}>
              <span className="num">
                <b>{one.version}</b> {one.set_by}
                <span className="muted">{one.set_at === null ? "" : ` · ${moment(one.set_at)}`}</span>
              </span>
              <span>{one.reason}</span>
              {changed(versions[index + 1], one).map((line) => (
                <span key={line} className="dim num">
                  {line}
                </span>
              ))}
            </li>
          ),
        )}
      </ol>
    </Fold>
  );
}
