using Spectre.Console;

namespace Mesh.Local.Processes;

/// <summary>Consoles.</summary>
public static class Consoles
{
    /// <summary>Where to tell a story: on a terminal with colours, in a pipe as plain lines.</summary>
    /// <param name="json">Standard output belongs to JSON; then standard error is for people.</param>
    public static IAnsiConsole For(bool json)
    {
        var redirected = json ? Console.IsErrorRedirected : Console.IsOutputRedirected;
        var colours = !redirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(json ? Console.Error : Console.Out),
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = colours ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = redirected ? InteractionSupport.No : InteractionSupport.Detect,
        });
        // A pipe has no width; a line there is never wrapped, and the frames of the tables stay whole.
        console.Profile.Width = redirected ? Math.Max(console.Profile.Width, 160) : console.Profile.Width;
        console.Profile.Capabilities.Unicode |= redirected;
        return console;
    }
}
