using System.Diagnostics;
using Spectre.Console.Rendering;

namespace Mesh.Demo.Story;

internal enum StepState
{
    Waiting,
    Running,
    Done,
    Broken,
}

/// <summary>One step of the story.</summary>
internal sealed record Step(string Title, StepState State, string Detail);

/// <summary>One backend as it is at this moment.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Status">What the control plane says of it.</param>
/// <param name="Failing">Whether it answers 503.</param>
/// <param name="Rates">Requests per second that reach it through each proxy.</param>
internal sealed record BackendView(string Id, string Status, bool Failing, IReadOnlyDictionary<string, double> Rates);

/// <summary>Something that was said.</summary>
internal sealed record Remark(TimeSpan At, string Text, bool Bad);

/// <summary>All that a screen shows, at one moment.</summary>
internal sealed record SceneView(
    TimeSpan Elapsed, IReadOnlyList<Step> Steps, IReadOnlyList<BackendView> Backends, IReadOnlyList<string> Proxies,
    string ControlPlane, bool ControlPlaneUp, string Load, IReadOnlyList<Remark> Remarks);

/// <summary>What is going on, for whoever draws it. The narrator and the sampler write, a screen reads; one lock, whole views.</summary>
internal sealed class Scene
{
    private const int MostRemarks = 200;
    private readonly Lock _gate = new();
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly List<Step> _steps = [];
    private readonly List<Remark> _remarks = [];
    private IReadOnlyList<BackendView> _backends = [];
    private IReadOnlyList<string> _proxies = [];
    private (string Text, bool Up) _controlPlane = ("not started", false);
    private string _load = "";

    /// <summary>Called with each remark, in order.</summary>
    public Action<Remark>? Said { get; set; }

    /// <summary>The picture worth keeping: the screen at the moment the backend was out.</summary>
    public IRenderable? Memorable { get; set; }

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_start);

    public void Plan(params string[] titles)
    {
        lock (_gate)
        {
            _steps.AddRange(titles.Select(title => new Step(title, StepState.Waiting, "")));
        }
    }

    public void Set(int step, StepState state, string detail = "")
    {
        lock (_gate)
        {
            _steps[step] = _steps[step] with { State = state, Detail = detail };
        }
    }

    public void Say(string text, bool bad = false)
    {
        var remark = new Remark(Elapsed, text, bad);
        lock (_gate)
        {
            if (_remarks.Count == MostRemarks)
            {
                _remarks.RemoveAt(0);
            }

            _remarks.Add(remark);
            Said?.Invoke(remark);
        }
    }

    public void Show(IReadOnlyList<BackendView> backends, IReadOnlyList<string> proxies, string load)
    {
        lock (_gate)
        {
            (_backends, _proxies, _load) = (backends, proxies, load);
        }
    }

    public void ShowControlPlane(string text, bool up)
    {
        lock (_gate)
        {
            _controlPlane = (text, up);
        }
    }

    public SceneView Read()
    {
        lock (_gate)
        {
            return new SceneView(Elapsed, [.. _steps], _backends, _proxies, _controlPlane.Text, _controlPlane.Up, _load, [.. _remarks]);
        }
    }
}
