using Mesh.Demo.Story;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Mesh.Demo.Screen;

/// <summary>The table at the end.</summary>
internal static class VerdictTable
{
    public static IRenderable Of(Verdict verdict)
    {
        var table = new Table { Border = TableBorder.Rounded, BorderStyle = Style.Parse("grey") };
        table.AddColumns("", "promised", "measured", "verdict");
        foreach (var promise in verdict.Promises)
        {
            table.AddRow(
                Markup.Escape(promise.What), Markup.Escape(promise.Promised), Markup.Escape(promise.Measured),
                promise.Kept ? "[green]kept[/]" : "[red]broken[/]");
        }

        var broken = verdict.Promises.Count(promise => !promise.Kept);
        return new Rows(
            table,
            new Text(verdict.Note, Style.Parse("grey")),
            broken == 0
                ? new Markup($"[green]All {verdict.Promises.Count} promises were kept.[/]")
                : new Markup($"[red]{broken} of {verdict.Promises.Count} promises were broken.[/]"));
    }
}
