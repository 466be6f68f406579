using System.Globalization;
using Mesh.Demo.Processes;
using Mesh.Demo.Screen;

namespace Mesh.Demo.Story;

/// <summary>Tells the story in its order, and judges it at the end.</summary>
internal sealed class Narrator(DemoOptions options, House house, Scene scene) : IAsyncDisposable
{
    private const int Starting = 0, Loading = 1, Failing = 2, Killing = 3;

    private readonly Cast _cast = new(house, options);
    private KillCycles? _killCycles;
    private readonly List<Round> _rounds = [];
    private readonly List<KillCycle> _kills = [];
    private TimeSpan _ready;
    private double _idleMegabytes;
    private double _proxyMegabytes;

    public async Task Tell(CancellationToken cancel)
    {
        scene.Plan(
            $"Start {Plane}, three backends and two proxies",
            "Send them a steady load",
            options.Rounds == 1 ? "Let a backend fail: it leaves every proxy; heal it: it returns" : "Let each backend fail: it leaves every proxy; heal it: it returns",
            options.Silos > 1 ? "Kill one silo after the other with -9 under load, and start it again"
                : options.Kills == 1 ? "Kill the control plane with -9 under load, and start it again" : "Kill the control plane with -9, again and again");
        await Start(cancel);
        await using var sampler = new Sampler(_cast, scene);
        await Load(cancel);
        for (var round = 0; round < options.Rounds; round++)
        {
            await FailAndHeal(round, cancel);
        }

        for (var cycle = 0; cycle < options.Kills; cycle++)
        {
            await Kill(cycle, cancel);
        }

        await _cast.StopLoad();
    }

    public Verdict Verdict() => Judge.Of(options, _ready, _idleMegabytes, _proxyMegabytes, _rounds, _kills, _cast.Tally);

    public ValueTask DisposeAsync() => _cast.DisposeAsync();

    private async Task Start(CancellationToken cancel)
    {
        scene.Set(Starting, StepState.Running);
        scene.Say($"starting {Plane}, three backends and two proxies");
        scene.ShowControlPlane("starting", false);
        _ready = await _cast.StartAll(cancel);
        ControlPlaneIs("ready", true);
        _idleMegabytes = _cast.ControlPlane.ResidentBytes / 1e6;
        scene.Set(Starting, StepState.Done, $"the control plane was ready after {Story.Verdict.Words(_ready)}");
        scene.Say(string.Create(CultureInfo.InvariantCulture, $"control plane ready after {Story.Verdict.Words(_ready)}, {_idleMegabytes:0} MB; proxies forward"));
    }

    private async Task Load(CancellationToken cancel)
    {
        _cast.StartLoad();
        scene.Set(Loading, StepState.Running);
        scene.Say($"load: {options.Rate} requests/s through each proxy, as long as the demo lasts");
        await Task.Delay(options.Steady, cancel);
        _proxyMegabytes = _cast.Proxies.Max(proxy => proxy.ResidentBytes) / 1e6;
        scene.Set(Loading, StepState.Done, $"{2 * options.Rate} requests/s, until the end");
    }

    private async Task FailAndHeal(int number, CancellationToken cancel)
    {
        // b first: the middle of the picture.
        var backend = _cast.Backends[(number + 1) % _cast.Backends.Count];
        var count = options.Rounds > 1 ? string.Create(CultureInfo.InvariantCulture, $"round {number + 1} of {options.Rounds}: ") : "";
        scene.Set(Failing, StepState.Running, $"{count}{backend.Id} answers 503");
        scene.Say($"{count}backend {backend.Id} answers 503 from now on");
        // The first is for looking at, the others for the median.
        var hold = number == 0 ? options.Steady / 4 : TimeSpan.Zero;
        var round = await Rounds.Play(
            backend, [.. _cast.Proxies.Select(proxy => proxy.Id)], hold,
            wentOut: took =>
            {
                scene.Set(Failing, StepState.Running, took is { } time ? $"{count}{backend.Id} left both proxies after {Story.Verdict.Words(time)}" : $"{count}{backend.Id} did not leave");
                scene.Say(took is { } known ? $"{count}no proxy sends to {backend.Id} any more: {Story.Verdict.Words(known)} after its first failing answer" : $"{count}{backend.Id} still gets requests", took is null);
            },
            healed: () =>
            {
                scene.Memorable ??= Frame.Of(scene.Read());
                scene.Say($"{count}backend {backend.Id} answers 200 again");
            },
            cancel);
        _rounds.Add(round);
        scene.Say(round.Back is { } back ? $"{count}both proxies send to {backend.Id} again: {Story.Verdict.Words(back)} after its healing" : $"{count}{backend.Id} did not return", round.Back is null);
        var detail = round is { Out: { } left, Back: { } returned }
            ? $"{count}{backend.Id} out after {Story.Verdict.Words(left)}, back {Story.Verdict.Words(returned)} after healing"
            : $"{count}not in time";
        scene.Set(Failing, round is { Out: not null, Back: not null } ? StepState.Done : StepState.Broken, detail);
        await Task.Delay(options.Steady / (number == 0 ? 2 : 4), cancel);
        MustRun();
    }

    private async Task Kill(int number, CancellationToken cancel)
    {
        var count = options.Kills > 1 ? string.Create(CultureInfo.InvariantCulture, $"kill {number + 1} of {options.Kills}: ") : "";
        scene.Set(Killing, StepState.Running, count);
        scene.Say($"{count}registrations and policies are being written; kill -9 to {(options.Silos > 1 ? "a silo" : "the control plane")}");
        var cycle = await (_killCycles ??= new KillCycles(_cast, options)).Play(number, ControlPlaneIs, cancel);
        _kills.Add(cycle);
        var lost = cycle.RegistrationsLost + cycle.PoliciesLost + cycle.RequestsLost + cycle.WritesRefused;
        var words = string.Create(
            CultureInfo.InvariantCulture,
            $"{count}back after {Story.Verdict.Words(cycle.Ready)}; lost {cycle.RequestsLost} of {cycle.RequestsWhileAway:N0} requests, {cycle.RegistrationsLost} of {cycle.Registrations} registrations, {cycle.PoliciesLost} of {cycle.Policies} policies")
            + (cycle.SlowestWrite is { } slowest ? string.Create(CultureInfo.InvariantCulture, $"; the slowest write took {Story.Verdict.Words(slowest)}, {cycle.WritesRefused} refused") : "");
        scene.Say(words, lost > 0);
        scene.Set(Killing, lost == 0 ? StepState.Done : StepState.Broken, words);
        MustRun();
    }

    private void ControlPlaneIs(string state, bool up)
    {
        scene.ShowControlPlane(up ? $"{state}, {_cast.ControlPlane.Who}" : state, up);
        if (!up)
        {
            scene.Say($"control plane {state}", bad: state.Contains("killed", StringComparison.Ordinal));
        }
    }

    private string Plane => options.Silos > 1 ? string.Create(CultureInfo.InvariantCulture, $"a control plane of {options.Silos} silos") : "a control plane";

    private void MustRun()
    {
        _cast.ControlPlane.MustRun();
        foreach (var proxy in _cast.Proxies)
        {
            proxy.MustRun();
        }
    }
}
