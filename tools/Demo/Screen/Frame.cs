using System.Globalization;
using Mesh.Demo.Story;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Mesh.Demo.Screen;

/// <summary>Draws one moment: the steps, who gets the traffic, and what was said last.</summary>
internal static class Frame
{
    private const int BarWidth = 16;
    private const int Remarks = 6;

    public static IRenderable Of(SceneView scene) => new Rows(
        new Rule($"[bold]Mesh.Orleans[/]  [grey]{scene.Elapsed.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s[/]") { Justification = Justify.Left, Style = Style.Parse("grey") },
        Steps(scene),
        new Text(""),
        Traffic(scene),
        new Text(""),
        new Markup($" control plane  {(scene.ControlPlaneUp ? "[green]●[/]" : "[red]●[/]")} {Markup.Escape(scene.ControlPlane)}"),
        new Markup($" load           [grey]{Markup.Escape(scene.Load)}[/]"),
        new Text(""),
        Said(scene));

    private static Rows Steps(SceneView scene) => new(scene.Steps.Select(step =>
    {
        var (mark, title) = step.State switch
        {
            StepState.Done => ("[green]✓[/]", Markup.Escape(step.Title)),
            StepState.Broken => ("[red]✗[/]", Markup.Escape(step.Title)),
            StepState.Running => ("[yellow]▸[/]", $"[bold]{Markup.Escape(step.Title)}[/]"),
            _ => ("[grey]·[/]", $"[grey]{Markup.Escape(step.Title)}[/]"),
        };
        var detail = step.Detail.Length > 0 ? $"\n   [grey]{Markup.Escape(step.Detail)}[/]" : "";
        return new Markup($" {mark} {title}{detail}");
    }));

    private static Table Traffic(SceneView scene)
    {
        var table = new Table { Border = TableBorder.Rounded, BorderStyle = Style.Parse("grey") };
        table.AddColumn("backend");
        table.AddColumn(new TableColumn("the control plane says") { Width = 34 });
        foreach (var proxy in scene.Proxies)
        {
            table.AddColumn(new TableColumn($"{proxy}, requests/s") { Width = BarWidth + 8 });
        }

        var most = Math.Max(1, scene.Backends.SelectMany(backend => backend.Rates.Values).DefaultIfEmpty(0).Max());
        foreach (var backend in scene.Backends)
        {
            var name = backend.Failing ? $"[red]{backend.Id}  answers 503[/]" : $"{backend.Id}  [grey]answers 200[/]";
            table.AddRow([name, Status(backend.Status), .. scene.Proxies.Select(proxy => Bar(backend.Rates.GetValueOrDefault(proxy), most, backend.Failing))]);
        }

        return table;
    }

    private static string Status(string status)
    {
        var colour = status.Split(':')[0] switch
        {
            "Healthy" => "green",
            "Suspect" or "Probing" or "Draining" => "yellow",
            "Ejected" or "Expired" => "red",
            _ => "grey",
        };
        return $"[{colour}]{Markup.Escape(status)}[/]";
    }

    private static string Bar(double rate, double most, bool failing)
    {
        var length = (int)Math.Round(rate / most * BarWidth);
        var number = rate.ToString("0", CultureInfo.InvariantCulture).PadLeft(4);
        return $"[{(failing ? "red" : "green")}]{new string('█', length)}[/][grey]{new string('·', BarWidth - length)}[/] {number}";
    }

    private static Rows Said(SceneView scene) => new(scene.Remarks.TakeLast(Remarks).Select(remark => new Markup(
        $" [grey]{remark.At.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture),5} s[/]  {(remark.Bad ? "[red]" : "[default]")}{Markup.Escape(remark.Text)}[/]")));
}
