using System.Text.Json.Nodes;
using System.Xml.Linq;
using Mesh.Demo;
using Mesh.Demo.Screen;
using Mesh.Demo.Story;
using Mesh.Local.Load;
using Spectre.Console;

namespace Mesh.EndToEnd.Tests.Demo;

public class ScreenTests
{
    private static readonly string[] Proxies = ["proxy-1", "proxy-2"];

    [Fact]
    public void The_picture_shows_who_gets_the_traffic_and_survives_markup_in_what_is_said()
    {
        var text = Text(Frame.Of(Moment().Read()));

        Assert.Contains("b  answers 503", text, StringComparison.Ordinal);
        Assert.Contains("Ejected: 5 consecutive [5xx]", text, StringComparison.Ordinal);
        Assert.Contains("█", text, StringComparison.Ordinal);
        Assert.Contains("[odd] text", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_picture_can_be_drawn_as_svg()
    {
        var svg = XDocument.Parse(SvgScreen.Draw(Frame.Of(Moment().Read())));

        Assert.Contains(svg.Descendants(), element => element.Name.LocalName == "text" && element.Value.Contains("answers 503", StringComparison.Ordinal));
    }

    [Fact]
    public void A_lost_request_breaks_the_promise_and_the_verdict()
    {
        var tally = new LoadTally();
        tally.Served(TimeSpan.FromMilliseconds(1));
        var kept = Judged(tally);
        tally.Lost(new LostRequest("proxy-1", 1, 2, "503"));
        var broken = Judged(tally);

        Assert.True(kept.Kept, Text(VerdictTable.Of(kept)));
        Assert.False(broken.Kept);
        Assert.Contains("1 of 2", Text(VerdictTable.Of(broken)), StringComparison.Ordinal);
        Assert.Equal("False", JsonNode.Parse(broken.ToJson())!["kept"]!.ToString(), ignoreCase: true);
    }

    [Fact]
    public void No_requests_at_all_do_not_count_as_none_lost() => Assert.False(Judged(new LoadTally()).Kept);

    private static Verdict Judged(LoadTally tally) => Judge.Of(
        new DemoOptions(), TimeSpan.FromSeconds(1), 80, 60,
        [new Round("b", TimeSpan.FromMilliseconds(80), TimeSpan.FromSeconds(2), 12)],
        [new KillCycle(5, 0, 2, 0, 400, 0, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1))],
        tally);

    private static Scene Moment()
    {
        var scene = new Scene();
        scene.Plan("One", "Two");
        scene.Set(0, StepState.Running, "some [detail]");
        scene.Say("[odd] text");
        scene.ShowControlPlane("ready", true);
        scene.Show(
            [View("a", "Healthy", false, 100), View("b", "Ejected: 5 consecutive [5xx]", true, 0), View("c", "Healthy", false, 100)],
            Proxies, "load");
        return scene;
    }

    private static BackendView View(string id, string status, bool failing, double rate) =>
        new(id, status, failing, Proxies.ToDictionary(proxy => proxy, _ => rate));

    private static string Text(Spectre.Console.Rendering.IRenderable picture)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 160;
        console.Profile.Capabilities.Unicode = true;
        console.Write(picture);
        return text.ToString();
    }
}
