using System.Collections.Immutable;
using FsCheck.Fluent;
using Mesh.Core.Health;
using Mesh.Core.Latency;
using Mesh.Core.Outliers;
using Mesh.Core.Policies;
using Mesh.Core.Replay;
using Mesh.Core.Snapshots;
using Xunit;

namespace Mesh.Core.Tests.Replay;

public class ReportRecorderTests
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);

    [Fact]
    public void Successes_are_added_up_until_the_quiet_interval_is_over()
    {
        var recorder = new ReportRecorder(Quiet, 1 << 20);
        for (var second = 0; second <= 10; second++)
        {
            recorder.Add([Served("a", 3), Served("b", 1)], null, Given.At(second));
        }

        var frame = Assert.Single(Frames(recorder, 10));
        Assert.Equal(Given.At(10), frame.At);
        Assert.Equal([("a", 33L), ("b", 11L)], frame.Observations.Select(seen => (seen.EndpointId, seen.Succeeded)));
        Assert.Null(recorder.Take(Given.At(20)));
    }

    [Fact]
    public void Failures_are_kept_as_they_come_and_what_was_served_before_stands_in_front()
    {
        var recorder = new ReportRecorder(Quiet, 1 << 20);
        recorder.Add([Served("a", 3), Served("b", 7)], null, Given.At(0));
        recorder.Add([Failed("a", 1), Served("b", 2)], null, Given.At(1));
        recorder.Add([Failed("a", 2)], null, Given.At(2));
        recorder.Add([Served("a", 5)], null, Given.At(3));

        var frames = Frames(recorder, 4, all: true);

        Assert.Equal(
            [(1, "a", 3, 0), (1, "a", 0, 1), (2, "a", 0, 2), (4, "a", 5, 0), (4, "b", 9, 0)],
            frames.SelectMany(frame => frame.Observations.Select(seen =>
                ((int)(frame.At - Given.Start).TotalSeconds, seen.EndpointId, (int)seen.Succeeded, (int)seen.Failed))));
    }

    [Fact]
    public void A_few_failures_among_many_successes_are_added_up_too()
    {
        var recorder = new ReportRecorder(Quiet, 1 << 20);
        recorder.Add([Mixed(95, 5)], null, Given.At(0));
        recorder.Add([Mixed(19, 1)], null, Given.At(1));
        Assert.Null(recorder.Take(Given.At(1)));

        recorder.Add([Mixed(94, 6)], null, Given.At(2));
        Assert.Equal([(114L, 6L), (94L, 6L)], Frames(recorder, 2).SelectMany(frame => frame.Observations).Select(seen => (seen.Succeeded, seen.Failed)));
    }

    [Theory]
    [InlineData(99, 1, 0L, true)]
    [InlineData(99, 1, null, true)]
    [InlineData(99, 1, 1L, false)]
    [InlineData(0, 1, 0L, false)]
    [InlineData(0, 0, null, true)]
    [InlineData(5, -1, null, true)]
    public void What_ends_with_a_failure_is_not_quiet(long succeeded, long failed, long? tail, bool isQuiet)
    {
        var recorder = new ReportRecorder(Quiet, 1 << 20);
        recorder.Add([Mixed(succeeded, failed) with { TrailingFailures = tail }], null, Given.At(0));
        Assert.Equal(isQuiet, recorder.Take(Given.At(0)) is null);
    }

    [Fact]
    public void A_block_begins_with_all_who_are_there_and_then_tells_who_comes_and_goes()
    {
        var recorder = new ReportRecorder(Quiet, 1 << 20);
        recorder.Add([Failed("a", 1)], Snapshot("a", "b"), Given.At(0));
        recorder.Add([Failed("a", 1)], Snapshot("b", "c"), Given.At(1));
        var first = Frames(recorder, 1);
        recorder.Add([Failed("a", 1)], null, Given.At(2));
        var second = Frames(recorder, 2);

        Assert.Equal(["a", "b"], first[0].Members.Select(member => member.Id));
        Assert.Equal((["c"], ["a"]), (first[1].Members.Select(member => member.Id).ToArray(), first[1].Left.ToArray()), Same);
        Assert.Empty(first[2].Members);
        Assert.Equal(["b", "c"], second[0].Members.Select(member => member.Id));

        static bool Same((string[], string[]) one, (string[], string[]) other) => one.Item1.SequenceEqual(other.Item1) && one.Item2.SequenceEqual(other.Item2);
    }

    [Fact]
    public void Who_drains_or_has_expired_is_noted_as_not_serving_and_an_ejection_is_not_noted()
    {
        var recorder = new ReportRecorder(Quiet, 1 << 20);
        recorder.Add([Failed("a", 1)], Snapshot("a", "b"), Given.At(0));
        recorder.Add([], With(HealthStatus.Draining, HealthStatus.Ejected), Given.At(1));
        recorder.Add([], With(HealthStatus.Expired, HealthStatus.Probing), Given.At(2));
        recorder.Add([], With(HealthStatus.Healthy, HealthStatus.Suspect), Given.At(3));

        var frames = Frames(recorder, 3);
        Assert.Equal(["a:False", "a:True"], frames.Skip(1).SelectMany(frame => frame.Members).Select(member => $"{member.Id}:{member.Serving}"));

        static ServiceSnapshot With(HealthStatus a, HealthStatus b) => Snapshot(Given.Snapshot("a", a), Given.Snapshot("b", b));
    }

    [Fact]
    public void Who_comes_while_nothing_is_recorded_is_in_the_next_block()
    {
        var recorder = new ReportRecorder(Quiet, 1 << 20);
        recorder.Add([], Snapshot("a"), Given.At(0));
        Assert.Null(recorder.Take(Given.At(1), all: true));

        recorder.Add([Failed("a", 1)], null, Given.At(2));
        Assert.Equal("a", Assert.Single(Frames(recorder, 2)[0].Members).Id);
    }

    [Fact]
    public void A_clock_that_jumps_back_does_not_stop_the_recording()
    {
        var recorder = new ReportRecorder(Quiet, 1 << 20);
        recorder.Add([Served("a", 1)], null, Given.At(100));
        recorder.Add([Served("a", 1)], null, Given.At(0));

        Assert.Equal(2, Assert.Single(Frames(recorder, 0)).Observations[0].Succeeded);
    }

    [Fact]
    public void A_block_is_full_when_it_has_grown_to_its_bytes()
    {
        var recorder = new ReportRecorder(Quiet, 100);
        Assert.False(recorder.IsFull);
        for (var i = 0; i < 100 && !recorder.IsFull; i++)
        {
            recorder.Add([Failed($"endpoint-{i}", i + 1)], null, Given.At(i));
        }

        Assert.True(recorder.IsFull);
        var block = recorder.Take(Given.At(100))!;
        Assert.Equal(FrameCodec.Decode(block.Data).Length, block.Frames);
        Assert.Equal((Given.At(0), Given.At(block.Frames - 1)), (block.From, block.To));
        Assert.False(recorder.IsFull);
    }

    [Fact]
    public void Recording_keeps_every_count_and_every_run_of_failures() => Properties.Hold(
        (from endpoint in Gen.Elements("a", "b", "c")
         from served in Gen.Choose(0, 60)
         from failed in Gen.Elements(0, 0, 0, 1, 2)
         from pause in Gen.Choose(0, 7000)
         select (endpoint, served, failed, pause)).ListOf().Resize(60),
        reports =>
        {
            var recorder = new ReportRecorder(Quiet, 400);
            var blocks = new List<ReportBlock?>();
            var now = Given.Start;
            foreach (var (endpoint, served, failed, pause) in reports)
            {
                now += TimeSpan.FromMilliseconds(pause);
                recorder.Add([Seen(endpoint, served, failed)], null, now);
                blocks.Add(recorder.IsFull ? recorder.Take(now) : null);
            }

            blocks.Add(recorder.Take(now, all: true));
            var recorded = blocks.OfType<ReportBlock>().SelectMany(block => FrameCodec.Decode(block.Data)).SelectMany(frame => frame.Observations).ToList();
            Assert.All(["a", "b", "c"], endpoint => Assert.Equal(
                Story(reports.Where(report => report.endpoint == endpoint).Select(report => Seen(report.endpoint, report.served, report.failed))),
                Story(recorded.Where(seen => seen.EndpointId == endpoint))));
        });

    private static (long, long, long, string, FailureRuns) Story(IEnumerable<EndpointObservation> observations)
    {
        var seen = observations.ToList();
        return (
            seen.Sum(one => one.Succeeded), seen.Sum(one => one.Failed), seen.Sum(one => one.Latency!.Count), $"{seen.Sum(one => one.InFlightSeconds):0.000}",
            seen.Aggregate(FailureRuns.None, (runs, one) => runs.Advance(one, split: false)));
    }

    private static EndpointObservation Seen(string endpoint, long served, long failed) => new()
    {
        EndpointId = endpoint,
        Succeeded = served,
        Failed = failed,
        TrailingFailures = served % 4 == 0 ? failed : 0,
        Latency = LatencySketch.Of(Enumerable.Repeat(0.0123456789, (int)(served + failed))),
        InFlightSeconds = served / 3.0,
    };

    private static EndpointObservation Mixed(long succeeded, long failed) => new() { EndpointId = "a", Succeeded = succeeded, Failed = failed };

    private static EndpointObservation Served(string endpoint, long count) => new() { EndpointId = endpoint, Succeeded = count };

    private static EndpointObservation Failed(string endpoint, long count) => new() { EndpointId = endpoint, Failed = count };

    private static ImmutableArray<RecordedFrame> Frames(ReportRecorder recorder, double at, bool all = false) =>
        FrameCodec.Decode(recorder.Take(Given.At(at), all)!.Data);

    private static ServiceSnapshot Snapshot(params string[] ids) => Snapshot([.. ids.Select(id => Given.Snapshot(id))]);

    private static ServiceSnapshot Snapshot(params EndpointSnapshot[] endpoints) => new()
    {
        Service = new("shop", "cart"),
        Version = new(1, 1),
        Endpoints = [.. endpoints],
        Policy = TrafficPolicy.Default,
        At = Given.Start,
    };
}
