using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Mesh.Core.Tests;

public class DurationTextTests
{
    [Theory]
    [InlineData("10s", 100_000_000)]
    [InlineData("0.5s", 5_000_000)]
    [InlineData("1.000340012s", 10_003_400)]
    [InlineData("1m30s", 900_000_000)]
    [InlineData("500ms", 5_000_000)]
    [InlineData("1.5h", 54_000_000_000)]
    [InlineData("1h1m1s1ms1us100ns", 36_610_010_011)]
    [InlineData("3µs", 30)]
    [InlineData("50ns", 0)]
    [InlineData("-2s", -20_000_000)]
    [InlineData("0", 0)]
    [InlineData("-0", 0)]
    [InlineData(".5s", 5_000_000)]
    [InlineData("000000000000000001s", 10_000_000)]
    [InlineData("1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s", 320_000_000)]
    [InlineData("5.s", 50_000_000)]
    public void Durations_are_read_in_both_forms(string text, long ticks)
    {
        Assert.True(DurationText.TryParse(text, out var duration));
        Assert.Equal(ticks, duration.Ticks);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("10")]
    [InlineData("s")]
    [InlineData("10 s")]
    [InlineData(" 10s")]
    [InlineData("10s ")]
    [InlineData("10S")]
    [InlineData("10d")]
    [InlineData("1m30")]
    [InlineData("1.2.3s")]
    [InlineData(".s")]
    [InlineData("+1s")]
    [InlineData("--1s")]
    [InlineData("1e3s")]
    [InlineData("NaN")]
    [InlineData("00:00:10")]
    [InlineData("P1D")]
    [InlineData("9999999999999999999h")]
    [InlineData("999999999999999999h")]
    [InlineData("0000000000000000001s")]
    [InlineData("99999999999999999999999999999999s")]
    [InlineData("256204778h256204778h256204778h256204778h")]
    [InlineData("1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s1s")]
    public void What_is_no_duration_is_not_read(string? text) => Assert.False(DurationText.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(10_000, "1ms")]
    [InlineData(2_500_000, "250ms")]
    [InlineData(15_000_000, "1.5s")]
    [InlineData(100_000_000, "10s")]
    [InlineData(900_000_000, "1m30s")]
    [InlineData(36_000_000_000, "1h")]
    [InlineData(-36_600_000_000, "-1h1m")]
    [InlineData(1, "0.0001ms")]
    [InlineData(10_000_000, "1s")]
    public void Durations_are_written_as_people_write_them(long ticks, string text) =>
        Assert.Equal(text, DurationText.Format(TimeSpan.FromTicks(ticks)));

    [Fact]
    public void What_is_written_is_read_again() => Properties.Hold(
        ArbMap.Default.GeneratorFor<long>(),
        ticks =>
        {
            Assert.True(DurationText.TryParse(DurationText.Format(TimeSpan.FromTicks(ticks)), out var duration));
            Assert.Equal(ticks, duration.Ticks);
        });

    [Fact]
    public void The_longest_of_all_are_written_and_read_too()
    {
        Assert.True(DurationText.TryParse(DurationText.Format(TimeSpan.MaxValue), out var longest));
        Assert.Equal(TimeSpan.MaxValue, longest);
        Assert.StartsWith("-256204778h48m5.", DurationText.Format(TimeSpan.MinValue), StringComparison.Ordinal);
    }
}
