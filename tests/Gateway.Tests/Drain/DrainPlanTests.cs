using FsCheck;
using FsCheck.Fluent;
using Mesh.Core.Tests;
using Mesh.Gateway.Drain;

namespace Mesh.Gateway.Tests.Drain;

public sealed class DrainPlanTests
{
    private static readonly Gen<(DrainOptions Options, int Streams)> Any =
        from announce in Gen.Choose(0, 2000)
        from time in Gen.Choose(0, 5000)
        from wave in Gen.Choose(1, 300)
        from most in Gen.Choose(1, 600)
        from streams in Gen.Choose(0, 3000)
        select (new DrainOptions { Announce = Ms(announce), Time = Ms(time), Wave = Ms(wave), MostPerWave = most }, streams);

    [Fact]
    public void In_time_no_wave_is_larger_than_the_plan_and_all_have_been_told_by_its_end() => Properties.Hold(Any, given =>
    {
        var (options, streams) = given;
        var plan = DrainPlan.Of(options, streams);
        var (now, waiting, step) = (TimeSpan.Zero, streams, default(DrainStep));
        do
        {
            step = plan.At(now, waiting);
            Assert.InRange(step.Leave, 0, plan.PerWave);
            Assert.True(step.Leave == 0 || now >= options.Announce, "Nobody is sent away before it was announced.");
            waiting -= step.Leave;
            now += step.Wait;
        }
        while (step.Phase != DrainPhase.Finishing);

        Assert.Equal(0, waiting);
        var waves = (streams + options.MostPerWave - 1) / options.MostPerWave;
        var most = options.Time > waves * options.Wave ? options.Time : waves * options.Wave;
        Assert.InRange(now, options.Announce, options.Announce + most);
    });

    [Fact]
    public void A_machine_that_is_late_catches_up_and_streams_that_ended_by_themselves_count() => Properties.Hold(
        Any.Zip(Gen.Choose(0, 900).ArrayOf()).Where(given => given.Item2.Length > 0),
        given =>
        {
            var ((options, streams), late) = given;
            var plan = DrainPlan.Of(options, streams);
            var (now, waiting) = (TimeSpan.Zero, streams);
            for (var i = 0; ; i++)
            {
                var step = plan.At(now, waiting);
                Assert.InRange(step.Leave, 0, waiting);
                waiting -= step.Leave;
                if (step.Phase == DrainPhase.Finishing)
                {
                    break;
                }

                if (now >= options.Announce)
                {
                    var due = Math.Min(streams, (((now - options.Announce).Ticks / plan.Every.Ticks) + 1) * plan.PerWave);
                    Assert.True(streams - waiting >= due, $"{streams - waiting} of {due} have left.");
                }

                waiting -= Math.Min(waiting, late[i % late.Length] % 3);
                now += step.Wait + Ms(late[i % late.Length]);
            }

            Assert.Equal(0, waiting);
        });

    [Fact]
    public void A_thousand_streams_leave_over_three_seconds_and_three_at_once_nearly()
    {
        var options = new DrainOptions { Time = TimeSpan.FromSeconds(3) };

        Assert.Equal(34, DrainPlan.Of(options, 1000).PerWave);
        Assert.Equal(new DrainStep(DrainPhase.HandingOver, 34, Ms(100)), DrainPlan.Of(options, 1000).At(TimeSpan.Zero, 1000));
        Assert.Equal(new DrainStep(DrainPhase.HandingOver, 1, Ms(100)), DrainPlan.Of(options, 3).At(TimeSpan.Zero, 3));
        Assert.Equal(500, DrainPlan.Of(options, 100_000).PerWave);
    }

    [Fact]
    public void Without_a_time_all_leave_at_once_and_without_streams_nothing_is_waited_for()
    {
        Assert.Equal(new DrainStep(DrainPhase.HandingOver, 9000, TimeSpan.Zero), DrainPlan.Of(new DrainOptions(), 9000).At(TimeSpan.Zero, 9000));
        Assert.Equal(new DrainStep(DrainPhase.Finishing, 0, TimeSpan.Zero), DrainPlan.Of(new DrainOptions { Time = TimeSpan.FromSeconds(3) }, 0).At(TimeSpan.Zero, 0));
    }

    private static TimeSpan Ms(int ms) => TimeSpan.FromMilliseconds(ms);
}
