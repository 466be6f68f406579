using FsCheck;
using FsCheck.Fluent;
using Mesh.Core.Health;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Tests.Health;
using Xunit;

namespace Mesh.Core.Tests.Outliers;

/// <summary>The budget by itself against Envoy's rule written with a division, and with a fleet of endpoints under it.</summary>
public class BudgetProperties
{
    private static readonly Gen<OutlierDetection> AnyLimits =
        from most in Gen.Choose(0, 100)
        from least in Gen.Frequency((2, Gen.Constant(0)), (1, Gen.Choose(0, 100)))
        from one in Gen.Elements(true, false)
        select new OutlierDetection { MaxEjectionPercent = most, MinHealthPercent = least, AlwaysEjectOneHost = one, Consecutive5xx = 3 };

    [Fact]
    public void It_decides_as_envoys_rule_reads_and_never_into_panic() => Properties.Hold(
        AnyLimits.Zip(Gen.Choose(0, 40)).Zip(Gen.Choose(0, 40)),
        given =>
        {
            var ((policy, hosts), ejected) = given;
            var expected = ejected < hosts
                && (100.0 * (ejected + 1) / hosts <= policy.MaxEjectionPercent || (policy.AlwaysEjectOneHost && ejected == 0))
                && 100.0 * (hosts - ejected - 1) / hosts >= Math.Max(policy.MinHealthPercent, 50);
            Assert.Equal(expected, EjectionBudget.Refusal(new(hosts, ejected), policy) is null);
        },
        cases: 2000);

    [Fact]
    public void Many_proposals_at_once_never_exceed_it() => Properties.Hold(
        AnyLimits.Zip(Gen.Choose(1, 40)).Zip(Gen.Choose(1, 20).ArrayOf()),
        given =>
        {
            var ((policy, hosts), counts) = given;
            var proposals = counts.Take(hosts).Select((count, i) => new EjectionProposal($"e{i}", new(OutlierDetector.Consecutive5xx, count, 1)));
            var ejected = EjectionBudget.Decide(new(hosts, 0), policy, proposals).Count(v => v.Allowed);
            Assert.True(ejected <= Most(hosts, policy), $"{ejected} of {hosts} at {policy.MaxEjectionPercent} %");
        });

    [Fact]
    public void The_order_of_arrival_does_not_matter() => Properties.Hold(
        AnyLimits.Zip(Gen.Choose(1, 5).ArrayOf()).Where(g => g.Item2.Length > 0),
        given =>
        {
            var (policy, counts) = given;
            var proposals = counts.Select((count, i) => new EjectionProposal($"e{i}", new(OutlierDetector.Consecutive5xx, count, 1))).ToArray();
            var tally = new EjectionTally(counts.Length + 3, 0);
            Assert.Equal(EjectionBudget.Decide(tally, policy, proposals), EjectionBudget.Decide(tally, policy, proposals.Reverse()));
        });

    [Fact]
    public void A_fleet_under_random_traffic_stays_within_it_at_every_moment() => Properties.Hold(
        AnyLimits.Zip(Gen.Choose(1, 12)).Zip(FleetEvents),
        given =>
        {
            var ((policy, size), events) = given;
            var fleet = Enumerable.Range(0, size).Select(i => EndpointMachine.Step(null, new Registered(Given.Spec($"e{i}")), policy.Whole(), Given.Start, 0).State!).ToArray();
            var now = Given.Start;
            foreach (var (who, period, after) in events)
            {
                now += TimeSpan.FromSeconds(after);
                Report(fleet, who % size, period, policy, now);
                var ejected = fleet.Count(e => e.Status == HealthStatus.Ejected);
                Assert.True(ejected <= Most(size, policy), $"{ejected} of {size} at {policy.MaxEjectionPercent} %");
            }
        });

    private static Gen<(int Who, Ending[] Period, int After)[]> FleetEvents => (
        from who in Gen.Choose(0, 11)
        from period in Gen.Frequency((1, Sequence.OneEnding.ArrayOf()), (2, Gen.Constant(new[] { Ending.Other5xx, Ending.Gateway, Ending.Other5xx })))
        from after in Gen.Choose(0, 20)
        select (who, period, after)).ArrayOf();

    private static int Most(int hosts, OutlierDetection policy) =>
        Math.Max(hosts * policy.MaxEjectionPercent / 100, policy.AlwaysEjectOneHost ? 1 : 0);

    /// <summary>What a service does: time, a report, the budget, the verdict.</summary>
    private static void Report(EndpointState[] fleet, int who, Ending[] period, OutlierDetection policy, DateTimeOffset now)
    {
        for (var i = 0; i < fleet.Length; i++)
        {
            fleet[i] = EndpointMachine.Step(fleet[i], new TimeElapsed(), policy.Whole(), now, 0).State!;
        }

        var step = EndpointMachine.Step(fleet[who], new ObservationReceived(Sequence.Observe(period)), policy.Whole(), now, 0);
        fleet[who] = step.State!;
        if (step.Find<ProposeEjection>() is not { } proposal)
        {
            return;
        }

        var verdict = EjectionBudget.Decide(
            Tally.Of(fleet.Select(e => e.Status)), policy, [new EjectionProposal(fleet[who].Id, proposal.Evidence)])[0];
        EndpointEvent answer = verdict.Allowed ? new EjectionAllowed(proposal.Reason) : new EjectionRefused(verdict.Refusal!);
        fleet[who] = EndpointMachine.Step(fleet[who], answer, policy.Whole(), now, 0).State!;
    }
}
