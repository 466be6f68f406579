namespace Mesh.Cli;

/// <summary>
/// Where meshctl reads and writes. It is passed in rather than taken from <see cref="Console"/>, so that a test sees what a terminal
/// or a pipe would see.
/// </summary>
/// <param name="Out">Results.</param>
/// <param name="Error">Everything else: errors, notices.</param>
/// <param name="In">What <c>-f -</c> reads.</param>
/// <param name="Colour">Whether ANSI colours may be written to <paramref name="Out"/>.</param>
/// <param name="Width">Columns of the terminal; null when the output goes elsewhere, and then nothing is ever cut.</param>
/// <param name="Environment">The value of an environment variable.</param>
internal sealed record Terminal(
    TextWriter Out, TextWriter Error, TextReader In, bool Colour, int? Width, Func<string, string?> Environment)
{
    /// <summary>The process's own console. Colours need a terminal, no NO_COLOR (https://no-color.org), and a TERM that is not dumb.</summary>
    public static Terminal OfThisProcess()
    {
        var interactive = !Console.IsOutputRedirected;
        var colour = interactive
            && string.IsNullOrEmpty(System.Environment.GetEnvironmentVariable("NO_COLOR"))
            && System.Environment.GetEnvironmentVariable("TERM") != "dumb";
        return new Terminal(
            Console.Out, Console.Error, Console.In, colour, interactive ? WindowWidth() : null, System.Environment.GetEnvironmentVariable);
    }

    private static int? WindowWidth()
    {
        try
        {
            return Console.WindowWidth is > 20 and var width ? width : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
