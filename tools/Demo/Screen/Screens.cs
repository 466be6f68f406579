using Mesh.Demo.Story;
using Spectre.Console;

namespace Mesh.Demo.Screen;

/// <summary>Shows a scene to somebody.</summary>
internal interface IScreen : IAsyncDisposable
{
    /// <summary>Shows the last state and gives the console back.</summary>
    Task Finish();
}

/// <summary>One line per remark: for a pipe, a log, a continuous-integration run.</summary>
internal sealed class PlainScreen : IScreen
{
    public PlainScreen(IAnsiConsole console, Scene scene) =>
        scene.Said = remark => console.MarkupLine($"[grey]{remark.At.TotalSeconds,6:0.0} s[/]  {(remark.Bad ? "[red]" : "[default]")}{Markup.Escape(remark.Text)}[/]");

    public Task Finish() => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>A picture that is drawn again several times a second.</summary>
internal sealed class LiveScreen : IScreen
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(125);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    public LiveScreen(IAnsiConsole console, Scene scene) =>
        _running = console.Live(Frame.Of(scene.Read())).Overflow(VerticalOverflow.Crop).Cropping(VerticalOverflowCropping.Bottom).StartAsync(async context =>
        {
            while (!_stop.IsCancellationRequested)
            {
                context.UpdateTarget(Frame.Of(scene.Read()));
                await Task.Delay(Every, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            context.UpdateTarget(Frame.Of(scene.Read()));
        });

    public async Task Finish()
    {
        await _stop.CancelAsync();
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        await Finish();
        _stop.Dispose();
    }
}
