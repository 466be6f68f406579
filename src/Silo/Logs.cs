using Microsoft.Extensions.Logging.Console;

namespace Mesh.Silo;

/// <summary>What goes to the console: short lines for people, or JSON for machines.</summary>
internal static class Logs
{
    public static void Configure(ILoggingBuilder logging, SiloOptions options)
    {
        logging.SetMinimumLevel(options.Verbose ? LogLevel.Debug : LogLevel.Information);
        logging.AddFilter("Microsoft", options.Verbose ? LogLevel.Information : LogLevel.Warning);

        // gRPC says of each refused call that it was refused: a client that errs in a loop would fill the disk. Metrics count them.
        logging.AddFilter("Grpc", options.Verbose ? LogLevel.Information : LogLevel.Warning);
        logging.AddFilter("Orleans", options.Verbose ? LogLevel.Information : LogLevel.Warning);

        // Orleans warns of each call and each hint to a silo that has just died: hundreds of lines in the second in which those that matter are read. Who called is answered, and asks again.
        logging.AddFilter("Orleans.Messaging", options.Verbose ? LogLevel.Information : LogLevel.Error);
        logging.AddFilter("Orleans.Runtime.CallbackData", options.Verbose ? LogLevel.Information : LogLevel.Error);

        // Port in use: Program says it in one line, the host would say it with a stack.
        logging.AddFilter("Microsoft.Extensions.Hosting", options.Verbose ? LogLevel.Information : LogLevel.None);
        if (options.JsonLogs)
        {
            logging.AddJsonConsole(static json =>
            {
                json.UseUtcTimestamp = true;
                json.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
            });
        }
        else
        {
            logging.AddConsoleFormatter<ShortFormatter, ConsoleFormatterOptions>();
            logging.AddConsole(static console => console.FormatterName = ShortFormatter.FormatterName);
        }
    }
}
