import { answerOf } from '@/app/_ui/about-message'
import page from '@/app/_ui/reading-page.module.css'
import { Timeline, ToCome } from '@/app/_ui/timeline'
import { useWords } from '@/app/_ui/words'
import { onboardingSteps } from '@/core/onboarding'
import type { OnboardingView, UserView } from '@/core/views'

/** How far they have come: what is done, where it stopped, and what is still to come. */
export function Onboarding({ user, onboarding }: { user: UserView; onboarding: OnboardingView }) {
  const { words, clock } = useWords()
  const { invitation } = onboarding
  const steps = onboardingSteps({ user, onboarding }, invitation && answerOf(invitation, words, clock.now).rest, words)
  const entries = steps.flatMap(({ at, ...step }) => (at === null ? [] : [{ ...step, at }]))
  const toCome = steps.filter(({ at }) => at === null)
  return (
    <section aria-labelledby="getting-started" className={page.section}>
      <h2 id="getting-started">
        Getting started{' '}
        <span>
          {toCome.length === 0
            ? 'all steps are done'
            : `${entries.filter(({ tone }) => tone === 'good').length} of ${steps.length} steps are done`}
        </span>
      </h2>
      <Timeline
        entries={entries}
        toCome={toCome.map(({ sentence, detail }) => (
          <ToCome key={sentence} sentence={sentence} when="not yet" detail={detail ?? undefined} />
        ))}
      />
    </section>
  )
}
